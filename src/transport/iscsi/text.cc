// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/text.h"

#include <algorithm>

namespace tgt {
namespace {

// 6.1: letters, digits, and . - + @ _; a key begins with a letter (public extensions with X- or #, which some write).
bool may_stand_in_key(char c) {
  const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return letter || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == '@' || c == '_' || c == '#';
}

Result<TextPair, TextFault> parse_pair(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos) return failure(TextFault::no_equals_sign);
  const TextPair pair{text.substr(0, equals), text.substr(equals + 1)};
  if (pair.key.empty() || pair.key.size() > longest_key || !std::ranges::all_of(pair.key, may_stand_in_key)) {
    return failure(TextFault::bad_key);
  }
  if (pair.value.size() > longest_value) return failure(TextFault::value_too_long);
  return pair;
}

}  // namespace

std::string_view describe(TextFault fault) {
  switch (fault) {
    case TextFault::no_terminator:
      return "text without terminator";
    case TextFault::no_equals_sign:
      return "text without an equals sign";
    case TextFault::bad_key:
      return "a key that is empty, longer than 63 bytes or not spelled as a key";
    case TextFault::value_too_long:
      return "a value longer than 255 bytes";
    case TextFault::too_many_pairs:
      return "too many keys";
  }
  return "bad text";
}

Result<std::vector<TextPair>, TextFault> parse_text(std::string_view text) {
  std::vector<TextPair> pairs;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == text.npos) return failure(TextFault::no_terminator);
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (item.empty()) continue;
    const auto pair = parse_pair(item);
    if (!pair) return failure(pair.error());
    if (pairs.size() == most_pairs) return failure(TextFault::too_many_pairs);
    pairs.push_back(*pair);
  }
  return pairs;
}

void append_pair(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(1, '=').append(value).append(1, '\0');
}

bool is_iscsi_name(std::string_view name) {
  const auto visible = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  };
  return !name.empty() && name.size() <= longest_name && std::ranges::all_of(name, visible);
}

}  // namespace tgt
