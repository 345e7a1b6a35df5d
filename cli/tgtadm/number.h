// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tgt {

enum class NumberFault : std::uint8_t { invalid, out_of_range };

// A number as scripts write them: decimal, 0x hexadecimal or 0 octal; leading blanks and whatever follows the digits
// are ignored (`--tid 1:` is in use). Invalid without digits, and when it does not fit 64 bits.
Result<std::uint64_t, NumberFault> parse_number(std::string_view text, std::uint64_t greatest);

}  // namespace tgt
