// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt::iscsi {

// Serial number arithmetic (RFC 1982, as RFC 7143 4.2.2 uses it): does `a` come before `b`?
constexpr bool comes_before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

// Is `number` one of first, first + 1, ..., last? Empty when last comes before first.
constexpr bool lies_within(std::uint32_t number, std::uint32_t first, std::uint32_t last) {
  return !comes_before(number, first) && !comes_before(last, number);
}

}  // namespace tgt::iscsi
