// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.35: what the core's task manager does.
struct ReportSupportedTaskManagementFunctions {
  static constexpr std::string_view name = "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_supported_task_management_functions;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field return_extended_data{2, 7, 1};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{return_extended_data, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
