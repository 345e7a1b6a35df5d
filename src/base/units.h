// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>

namespace tgt {

// A count or an address with its unit in its type, so that blocks, bytes and addresses never mix by accident.
template <class Unit>
struct Quantity {
  std::uint64_t value = 0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(std::uint64_t count) : value(count) {}
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value + b.value); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value - b.value); }
};

using ByteCount = Quantity<struct ByteCountUnit>;
using BlockCount = Quantity<struct BlockCountUnit>;
using LogicalBlockAddress = Quantity<struct LogicalBlockAddressUnit>;

// A block size is a power of two from 2^0 (unknown) to 2^16 bytes, kept as its exponent.
struct BlockSize {
  std::uint8_t exponent = 9;
  constexpr std::uint32_t bytes() const { return 1u << exponent; }
};

// Does [address, address + count) lie within a medium of `capacity` blocks? Never overflows.
constexpr bool within(LogicalBlockAddress address, BlockCount count, BlockCount capacity) {
  return address.value <= capacity.value && count.value <= capacity.value - address.value;
}

}  // namespace tgt
