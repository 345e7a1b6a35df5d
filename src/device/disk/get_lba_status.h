// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.7. Of thin disks only: which blocks take space.
struct GetLbaStatus16 {
  static constexpr std::string_view name = "GET LBA STATUS(16)";
  static constexpr std::uint8_t operation_code = operation_code::service_action_in_16;
  static constexpr std::uint16_t service_action = service_action::get_lba_status_16;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field starting_logical_block_address{2, 7, 64};
  static constexpr Field allocation_length{10, 7, 32};
  static constexpr std::array fields{starting_logical_block_address, allocation_length};
  static constexpr Access access = Access::read;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
