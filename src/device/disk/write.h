// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// The part of WRITE that does not depend on the length of the CDB.
struct Writing {
  BlockRange range;
  Field length{};                  // where an unacceptable count stands
  bool force_unit_access = false;  // on the medium before GOOD, whatever the cache does
};
Task<Reply> write_blocks(Disk& disk, Command& command, Writing writing);

// SBC-3, 5.39 (obsolete in SBC-4, still sent): 21 bits of address, and zero means 256 blocks.
struct Write6 {
  static constexpr std::string_view name = "WRITE(6)";
  static constexpr std::uint8_t operation_code = operation_code::write_6;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field logical_block_address{1, 4, 21};
  static constexpr Field transfer_length{4, 7, 8};
  static constexpr std::array fields{logical_block_address, transfer_length};
  static constexpr Access access = Access::write;
  static Task<Reply> run(Disk& disk, Command& command) {
    BlockRange range = BlockRange::of(command, logical_block_address, transfer_length);
    if (range.count.value == 0) range.count = BlockCount(256);
    return write_blocks(disk, command, {.range = range, .length = transfer_length});
  }
};

template <class Layout>
struct WriteOf : Layout {
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr Field force_unit_access{1, 3, 1};
  static constexpr std::array fields{disable_page_out, force_unit_access, Layout::logical_block_address,
                                     Layout::transfer_length, Layout::group_number};
  static constexpr Access access = Access::write;
  static Task<Reply> run(Disk& disk, Command& command) {
    return write_blocks(disk, command,
                        {.range = BlockRange::of(command, Layout::logical_block_address, Layout::transfer_length),
                         .length = Layout::transfer_length,
                         .force_unit_access = command[force_unit_access] != 0});
  }
};

// SBC-4, 5.45.
struct Write10 : WriteOf<Layout10> {
  static constexpr std::string_view name = "WRITE(10)";
  static constexpr std::uint8_t operation_code = operation_code::write_10;
};

// SBC-4, 5.46.
struct Write12 : WriteOf<Layout12> {
  static constexpr std::string_view name = "WRITE(12)";
  static constexpr std::uint8_t operation_code = operation_code::write_12;
};

// SBC-4, 5.47.
struct Write16 : WriteOf<Layout16> {
  static constexpr std::string_view name = "WRITE(16)";
  static constexpr std::uint8_t operation_code = operation_code::write_16;
};

}  // namespace tgt
