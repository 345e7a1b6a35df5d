// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tgt {

// "67108864", "64M", "1.5" is no size: digits, then nothing or one of K M G T (powers of 1024, either case).
std::optional<std::uint64_t> parse_size(std::string_view text);

// The value of `name=` in a list "name=value;name=value" (`--bsopts`).
std::optional<std::string_view> find_option(std::string_view options, std::string_view name);

// The pieces between separators; an empty text has none.
std::vector<std::string_view> split(std::string_view text, char separator);

// A decimal number and nothing else.
std::optional<unsigned> parse_decimal(std::string_view text);

}  // namespace tgt
