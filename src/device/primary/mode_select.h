// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.12. SP saves all pages, where there is somewhere to save them; else it is refused. Two of them never
// overlap: of two that save, one is the later one.
struct ModeSelect6 {
  static constexpr std::string_view name = "MODE SELECT(6)";
  static constexpr std::uint8_t operation_code = operation_code::mode_select_6;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field page_format{1, 4, 1};
  static constexpr Field save_pages{1, 0, 1};
  static constexpr Field parameter_list_length{4, 7, 8};
  static constexpr std::array fields{page_format, save_pages, parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.13.
struct ModeSelect10 {
  static constexpr std::string_view name = "MODE SELECT(10)";
  static constexpr std::uint8_t operation_code = operation_code::mode_select_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field page_format{1, 4, 1};
  static constexpr Field save_pages{1, 0, 1};
  static constexpr Field parameter_list_length{7, 7, 16};
  static constexpr std::array fields{page_format, save_pages, parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
