// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

namespace tgt {

// SBC-4, 5.20 and 5.21.
struct ReadCapacity10Data {
  be32 returned_logical_block_address{};  // FFFFFFFFh: ask READ CAPACITY(16)
  be32 logical_block_length{};
};
static_assert(WireStruct<ReadCapacity10Data> && sizeof(ReadCapacity10Data) == 8);

struct ReadCapacity16Data {
  static constexpr std::uint16_t provisioning_enabled = 0x8000;  // LBPME
  static constexpr std::uint16_t unmapped_reads_zero = 0x4000;   // LBPRZ
  be64 returned_logical_block_address{};
  be32 logical_block_length{};
  std::uint8_t protection = 0;                         // P_TYPE, PROT_EN
  std::uint8_t logical_blocks_per_physical_block = 0;  // exponent in bits 3 to 0
  be16 provisioning_and_lowest_aligned_address{};      // LBPME, LBPRZ, then 14 bits
  std::array<std::uint8_t, 16> reserved{};
};
static_assert(WireStruct<ReadCapacity16Data> && sizeof(ReadCapacity16Data) == 32);

}  // namespace tgt
