// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>

#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.49. Of disks only whose store changes several blocks as a whole, or not at all, when the power goes
// meanwhile. Either all blocks are written or none, and no other command sees some of them written: it runs alone, and
// what a store had taken before it failed is put back. ATOMIC BOUNDARY is no field of ours: VPD B0h tells no boundary.
struct WriteAtomic16 {
  // In blocks; VPD B0h tells them. The length and the address are multiples of the granularity; 0: they may be any.
  static std::uint32_t longest(const Disk& disk) {
    return std::min(disk.atomic_unit(), most_bytes) >> disk.block_size().exponent;
  }
  static std::uint32_t granularity(const Disk& disk) {
    return disk.atomic_unit() == BlockStore::any_write ? 0 : longest(disk);
  }

  static constexpr std::uint32_t most_bytes = 1u << 20;
  static constexpr std::string_view name = "WRITE ATOMIC(16)";
  static constexpr std::uint8_t operation_code = operation_code::write_atomic_16;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr Field force_unit_access{1, 3, 1};
  static constexpr Field logical_block_address{2, 7, 64};
  static constexpr Field transfer_length{12, 7, 16};
  static constexpr Field group_number{14, 4, 5};
  static constexpr std::array fields{disable_page_out, force_unit_access, logical_block_address, transfer_length,
                                     group_number};
  static constexpr Access access = Access::write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
