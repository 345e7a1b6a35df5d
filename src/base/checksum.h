// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace tgt {

// CRC32C, bit by bit: for what is small and seldom saved.
inline std::uint32_t checksum(Bytes bytes) {
  constexpr std::uint32_t reflected_polynomial = 0x82f63b78u;
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? reflected_polynomial : 0u);
  }
  return ~crc;
}

}  // namespace tgt
