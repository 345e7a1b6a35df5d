// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.14.
struct ModeSense6 {
  static constexpr std::string_view name = "MODE SENSE(6)";
  static constexpr std::uint8_t operation_code = operation_code::mode_sense_6;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field disable_block_descriptors{1, 3, 1};
  static constexpr Field page_control{2, 7, 2};
  static constexpr Field page_code{2, 5, 6};
  static constexpr Field subpage_code{3, 7, 8};
  static constexpr Field allocation_length{4, 7, 8};
  static constexpr std::array fields{disable_block_descriptors, page_control, page_code, subpage_code,
                                     allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.15.
struct ModeSense10 {
  static constexpr std::string_view name = "MODE SENSE(10)";
  static constexpr std::uint8_t operation_code = operation_code::mode_sense_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field long_lba_accepted{1, 4, 1};
  static constexpr Field disable_block_descriptors{1, 3, 1};
  static constexpr Field page_control{2, 7, 2};
  static constexpr Field page_code{2, 5, 6};
  static constexpr Field subpage_code{3, 7, 8};
  static constexpr Field allocation_length{7, 7, 16};
  static constexpr std::array fields{long_lba_accepted, disable_block_descriptors, page_control, page_code,
                                     subpage_code,      allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
