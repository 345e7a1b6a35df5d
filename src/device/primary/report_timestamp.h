// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.37.
struct ReportTimestamp {
  static constexpr std::string_view name = "REPORT TIMESTAMP";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_timestamp;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{allocation_length};
  static constexpr Access access = Access::none;
  static Reply run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.55.
struct SetTimestamp {
  static constexpr std::string_view name = "SET TIMESTAMP";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_out;
  static constexpr std::uint16_t service_action = service_action::set_timestamp;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field parameter_list_length{6, 7, 32};
  static constexpr std::array fields{parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.33. Nobody can set a priority, so each initiator has none (0).
struct ReportPriority {
  static constexpr std::string_view name = "REPORT PRIORITY";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_priority;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field priority_reported{2, 7, 2};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{priority_reported, allocation_length};
  static constexpr Access access = Access::none;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
