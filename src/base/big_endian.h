// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace tgt {

// An unsigned integer stored most significant byte first, as every SCSI and iSCSI structure stores it.
// Alignment 1 and trivially copyable, so a wire structure is a plain struct of these. Bits of a value above the
// stored width are dropped.
template <std::unsigned_integral T, std::size_t Width = sizeof(T)>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr BigEndian(T value) {  // NOLINT(google-explicit-constructor): it is the integer, stored otherwise
    for (std::size_t i = 0; i < Width; ++i) bytes_[i] = static_cast<std::uint8_t>(value >> (8 * (Width - 1 - i)));
  }
  constexpr operator T() const {  // NOLINT(google-explicit-constructor)
    T value = 0;
    for (const std::uint8_t byte : bytes_) value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | byte);
    return value;
  }

 private:
  std::array<std::uint8_t, Width> bytes_{};
};

using be16 = BigEndian<std::uint16_t>;
using be24 = BigEndian<std::uint32_t, 3>;
using be32 = BigEndian<std::uint32_t>;
using be48 = BigEndian<std::uint64_t, 6>;
using be64 = BigEndian<std::uint64_t>;

}  // namespace tgt
