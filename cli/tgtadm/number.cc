// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/number.h"

#include <charconv>
#include <limits>
#include <system_error>

namespace tgt {
namespace {

constexpr std::uint64_t all_ones = std::numeric_limits<std::uint64_t>::max();
constexpr std::string_view blanks = " \t\n\v\f\r";

bool is_hexadecimal_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Removes the prefix that says the base, and says it.
int take_base(std::string_view& digits) {
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X') &&
      is_hexadecimal_digit(digits[2])) {
    digits.remove_prefix(2);
    return 16;
  }
  return digits.starts_with('0') ? 8 : 10;
}

}  // namespace

Result<std::uint64_t, NumberFault> parse_number(std::string_view text, std::uint64_t greatest) {
  const std::size_t start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return failure(NumberFault::invalid);
  text.remove_prefix(start);
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  const int base = take_base(text);
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (parsed.ec != std::errc{}) return failure(NumberFault::invalid);
  if (negative) value = 0 - value;
  if (value == all_ones) return failure(NumberFault::invalid);  // the wire's mark for "not given"
  if (value > greatest) return failure(NumberFault::out_of_range);
  return value;
}

}  // namespace tgt
