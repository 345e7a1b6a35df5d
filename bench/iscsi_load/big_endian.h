// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tgt::bench {

// An unsigned integer of 2, 3, 4 or 8 bytes as it stands on the wire: no alignment, most significant byte first.
template <std::size_t Bytes, typename Value>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr BigEndian(Value value) { *this = value; }  // NOLINT(google-explicit-constructor): reads like an integer

  constexpr BigEndian& operator=(Value value) {
    for (std::size_t i = Bytes; i-- > 0;) {
      bytes_[i] = static_cast<std::uint8_t>(value & 0xff);
      value = static_cast<Value>(value >> 8);
    }
    return *this;
  }

  constexpr operator Value() const {  // NOLINT(google-explicit-constructor)
    Value value = 0;
    for (const std::uint8_t byte : bytes_) value = static_cast<Value>(static_cast<Value>(value << 8) | byte);
    return value;
  }

 private:
  std::array<std::uint8_t, Bytes> bytes_{};
};

using Be16 = BigEndian<2, std::uint16_t>;
using Be24 = BigEndian<3, std::uint32_t>;
using Be32 = BigEndian<4, std::uint32_t>;
using Be64 = BigEndian<8, std::uint64_t>;

}  // namespace tgt::bench
