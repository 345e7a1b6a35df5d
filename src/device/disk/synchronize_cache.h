// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "scsi/opcodes.h"

namespace tgt {

// Everything that was acknowledged is on stable storage when it ends, whatever range and IMMED ask for.
Task<Reply> synchronize_cache(Disk& disk, Command& command, BlockRange range);

// SBC-4, 5.35.
struct SynchronizeCache10 {
  static constexpr std::string_view name = "SYNCHRONIZE CACHE(10)";
  static constexpr std::uint8_t operation_code = operation_code::synchronize_cache_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field non_volatile_cache{1, 2, 1};  // obsolete, still sent; means nothing here
  static constexpr Field immediate{1, 1, 1};
  static constexpr Field logical_block_address{2, 7, 32};
  static constexpr Field group_number{6, 4, 5};
  static constexpr Field number_of_logical_blocks{7, 7, 16};
  static constexpr std::array fields{non_volatile_cache, immediate, logical_block_address, group_number,
                                     number_of_logical_blocks};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command) {
    return synchronize_cache(disk, command, BlockRange::of(command, logical_block_address, number_of_logical_blocks));
  }
};

// SBC-4, 5.36.
struct SynchronizeCache16 {
  static constexpr std::string_view name = "SYNCHRONIZE CACHE(16)";
  static constexpr std::uint8_t operation_code = operation_code::synchronize_cache_16;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field non_volatile_cache{1, 2, 1};  // obsolete, still sent; means nothing here
  static constexpr Field immediate{1, 1, 1};
  static constexpr Field logical_block_address{2, 7, 64};
  static constexpr Field number_of_logical_blocks{10, 7, 32};
  static constexpr Field group_number{14, 4, 5};
  static constexpr std::array fields{non_volatile_cache, immediate, logical_block_address, number_of_logical_blocks,
                                     group_number};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command) {
    return synchronize_cache(disk, command, BlockRange::of(command, logical_block_address, number_of_logical_blocks));
  }
};

}  // namespace tgt
