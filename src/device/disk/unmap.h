// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.36. Of thin disks only: the blocks read as zeros afterwards and take no space.
struct Unmap {
  static constexpr std::uint32_t most_descriptors = 256;  // VPD B0h
  static constexpr std::uint32_t most_bytes = 1u << 29;   // in all descriptors together; VPD B0h tells it in blocks

  static constexpr std::string_view name = "UNMAP";
  static constexpr std::uint8_t operation_code = operation_code::unmap;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field group_number{6, 4, 5};
  static constexpr Field parameter_list_length{7, 7, 16};
  static constexpr std::array fields{group_number, parameter_list_length};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
