// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.13. Reads, ORs Data-Out to it and writes in one step.
struct OrWrite16 : Layout16 {
  static constexpr std::string_view name = "ORWRITE(16)";
  static constexpr std::uint8_t operation_code = operation_code::orwrite_16;
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr Field force_unit_access{1, 3, 1};
  static constexpr std::array fields{disable_page_out, force_unit_access, logical_block_address, transfer_length,
                                     group_number};
  static constexpr Access access = Access::write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
