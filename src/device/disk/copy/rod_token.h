// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "scsi/third_party_copy.h"

namespace tgt {

// A ROD token of a block device (SPC-5, 5.18.6.4): what stands for the bytes of a range while it travels between the
// copy source and the copy destination. The creator goes by the secret; the rest is for people and for the standard.
struct RodToken {
  // What the blocks held when the token was made, or nothing: a write to them takes the token's force (point in time
  // copy, change vulnerable).
  static constexpr std::uint32_t change_vulnerable = 0x00800001;
  static constexpr std::uint32_t block_device_zero = 0xffff0001;
  static constexpr std::uint16_t length_after_header = 0x01f8;

  be32 rod_type = change_vulnerable;
  be16 reserved{};
  be16 rod_token_length = length_after_header;
  be64 copy_manager_rod_token_identifier{};
  third_party_copy::IdentificationDescriptor creator{};
  be64 number_of_bytes_represented_high{};
  be64 number_of_bytes_represented{};
  std::array<std::uint8_t, 32> reserved_64{};
  be32 logical_block_length{};
  std::array<std::uint8_t, 28> device_type_specific{};
  std::array<std::uint8_t, 352> target_device_descriptor{};
  std::array<std::uint8_t, 32> secret{};
};
static_assert(WireStruct<RodToken> && sizeof(RodToken) == 512);

}  // namespace tgt
