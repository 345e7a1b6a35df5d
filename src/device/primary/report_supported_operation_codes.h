// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.34: the device's own command table, told to the initiator.
struct ReportSupportedOperationCodes {
  static constexpr std::string_view name = "REPORT SUPPORTED OPERATION CODES";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_supported_operation_codes;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field return_timeouts{2, 7, 1};
  static constexpr Field reporting_options{2, 2, 3};
  static constexpr Field requested_operation_code{3, 7, 8};
  static constexpr Field requested_service_action{4, 7, 16};
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr std::array fields{return_timeouts, reporting_options, requested_operation_code,
                                     requested_service_action, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);

  // In parts, for devices that answer for some of their commands only: the descriptors of a list of all commands, and
  // the answer for the one command that is asked for.
  static void append_descriptors(const CommandTable& table, bool with_timeouts, ParameterWriter& writer);
  static Reply one_command(const CommandTable& table, Command& command);
};

}  // namespace tgt
