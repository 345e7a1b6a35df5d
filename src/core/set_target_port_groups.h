// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.46, for any device type. Without groups that the administrator made there is nothing to set.
struct SetTargetPortGroups {
  static constexpr std::string_view name = "SET TARGET PORT GROUPS";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_out;
  static constexpr std::uint16_t service_action = service_action::set_target_port_groups;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field parameter_list_length{6, 7, 32};
  static constexpr std::array fields{parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static Task<Reply> run(DeviceServer& device, Command& command);
};

}  // namespace tgt
