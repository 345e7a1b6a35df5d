// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.4. Every block is initialized, with zeros unless the list brings a pattern. There are no defects to move, so
// a defect list may only be empty. A certification (FOV set and DCRT not) reads everything afterwards.
struct FormatUnit {
  static constexpr std::string_view name = "FORMAT UNIT";
  static constexpr std::uint8_t operation_code = operation_code::format_unit;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field long_list{1, 5, 1};
  static constexpr Field format_data{1, 4, 1};
  static constexpr Field complete_list{1, 3, 1};
  static constexpr Field defect_list_format{1, 2, 3};
  static constexpr std::array fields{long_list, format_data, complete_list, defect_list_format};
  static constexpr Access access = Access::write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static constexpr std::uint32_t timeout_seconds = 86400;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
