// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tgt {

// Content for a file of our own: first the line that says what it is and in which version, last a checksum over all.
std::vector<std::uint8_t> seal(std::string_view first_line, Bytes content);
// The content again, a part of `blob`. Nothing when a byte is wrong or missing, or when it is something else.
std::optional<Bytes> unseal(std::string_view first_line, Bytes blob);

}  // namespace tgt
