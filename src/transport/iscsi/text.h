// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tgt {

struct TextPair {
  std::string_view key;
  std::string_view value;
};

enum class TextFault : std::uint8_t {
  no_terminator,  // the last pair does not end in a NUL
  no_equals_sign,
  bad_key,         // empty, over 63 bytes, or with characters that no key may have
  value_too_long,  // over 255 bytes
  too_many_pairs,
};
std::string_view describe(TextFault fault);

// The `key=value` pairs of the text of a login or text request (RFC 7143, 6.1), each ended by a NUL. Empty strings
// between them are skipped. The pairs point into `text`.
Result<std::vector<TextPair>, TextFault> parse_text(std::string_view text);

inline constexpr std::size_t longest_key = 63;
inline constexpr std::size_t longest_value = 255;
inline constexpr std::size_t longest_name = 223;  // of an initiator or target (4.2.7.1)
inline constexpr std::size_t most_pairs = 256;

void append_pair(std::string& text, std::string_view key, std::string_view value);

// Can it be the name of an initiator or target? Length and characters only.
bool is_iscsi_name(std::string_view name);

}  // namespace tgt
