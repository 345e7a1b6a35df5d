// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// The part of WRITE SAME that does not depend on the length of the CDB.
struct WritingSame {
  static constexpr std::uint64_t longest = 65535;  // blocks; MAXIMUM WRITE SAME LENGTH of VPD B0h
  static constexpr Field unmap{1, 3, 1};
  BlockRange range;
  Field length{};        // where an unacceptable count stands
  bool unmaps = false;   // blocks that come to hold zeros need take no space
  bool no_data = false;  // NDOB: the block is all zeros
};
Task<Reply> write_same(Disk& disk, Command& command, WritingSame writing);

// SBC-4, 5.52.
struct WriteSame10 : Layout10 {
  static constexpr std::string_view name = "WRITE SAME(10)";
  static constexpr std::uint8_t operation_code = operation_code::write_same_10;
  static constexpr std::array fields{WritingSame::unmap, logical_block_address, group_number, transfer_length};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command) {
    return write_same(disk, command,
                      {.range = BlockRange::of(command, logical_block_address, transfer_length),
                       .length = transfer_length,
                       .unmaps = command[WritingSame::unmap] != 0});
  }
};

// SBC-4, 5.53.
struct WriteSame16 : Layout16 {
  static constexpr std::string_view name = "WRITE SAME(16)";
  static constexpr std::uint8_t operation_code = operation_code::write_same_16;
  static constexpr Field no_data_out_buffer{1, 0, 1};
  static constexpr std::array fields{WritingSame::unmap, no_data_out_buffer, logical_block_address, transfer_length,
                                     group_number};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command) {
    return write_same(disk, command,
                      {.range = BlockRange::of(command, logical_block_address, transfer_length),
                       .length = transfer_length,
                       .unmaps = command[WritingSame::unmap] != 0,
                       .no_data = command[no_data_out_buffer] != 0});
  }
};

}  // namespace tgt
