// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.36, for any device type: the groups of the ports of the target that the command came through.
struct ReportTargetPortGroups {
  static constexpr std::string_view name = "REPORT TARGET PORT GROUPS";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_target_port_groups;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field parameter_data_format{1, 7, 3};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{parameter_data_format, allocation_length};
  static constexpr Access access = Access::none;
  static Reply run(DeviceServer& device, Command& command);
};

}  // namespace tgt
