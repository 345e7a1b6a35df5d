// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"

namespace tgt {

// REPORT LUNS (SPC-6). The list is the target's own map, whatever logical unit was asked. The task router answers the
// command itself; device servers have the row in their tables so that REPORT SUPPORTED OPERATION CODES names it.
struct ReportLuns {
  static constexpr std::string_view name = "REPORT LUNS";
  static constexpr std::uint8_t operation_code = 0xa0;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Access access = Access::none;
  static constexpr bool before_unit_attention = true;
  static constexpr Field select_report{2, 7, 8};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{select_report, allocation_length};
  static Reply run(DeviceServer& device, Command& command);
};

}  // namespace tgt
