// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.22. Blocks of a store have no defects to list: the lists that are asked for are there, and empty.
struct ReadDefectData10 {
  static constexpr std::string_view name = "READ DEFECT DATA(10)";
  static constexpr std::uint8_t operation_code = operation_code::read_defect_data_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field lists_and_format{2, 4, 5};  // REQ_PLIST, REQ_GLIST, DEFECT LIST FORMAT
  static constexpr Field allocation_length{7, 7, 16};
  static constexpr std::array fields{lists_and_format, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(Disk& disk, Command& command);
};

// SBC-4, 5.23.
struct ReadDefectData12 {
  static constexpr std::string_view name = "READ DEFECT DATA(12)";
  static constexpr std::uint8_t operation_code = operation_code::read_defect_data_12;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field lists_and_format{1, 4, 5};
  static constexpr Field address_descriptor_index{2, 7, 32};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{lists_and_format, address_descriptor_index, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(Disk& disk, Command& command);
};

}  // namespace tgt
