// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>

#include "device/disk/block_range.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.3. Compares and writes in one step: no other command may see the blocks between.
struct CompareAndWrite {
  // In blocks; VPD B0h tells it. What is compared and what is written come together, in one transfer.
  static constexpr std::uint8_t longest(BlockSize block) {
    return static_cast<std::uint8_t>(std::min(std::size_t{255}, (Disk::largest_transfer / 2) >> block.exponent));
  }

  static constexpr std::string_view name = "COMPARE AND WRITE";
  static constexpr std::uint8_t operation_code = operation_code::compare_and_write;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr Field force_unit_access{1, 3, 1};
  static constexpr Field logical_block_address{2, 7, 64};
  static constexpr Field number_of_logical_blocks{13, 7, 8};
  static constexpr Field group_number{14, 4, 5};
  static constexpr std::array fields{disable_page_out, force_unit_access, logical_block_address,
                                     number_of_logical_blocks, group_number};
  static constexpr Access access = Access::write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
