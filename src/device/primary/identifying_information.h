// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.32: what initiators gave this logical unit to know it by.
struct ReportIdentifyingInformation {
  static constexpr std::string_view name = "REPORT IDENTIFYING INFORMATION";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_in;
  static constexpr std::uint16_t service_action = service_action::report_identifying_information;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field allocation_length{6, 7, 32};
  static constexpr Field information_type{10, 7, 7};
  static constexpr std::array fields{allocation_length, information_type};
  static constexpr Access access = Access::none;
  static Reply run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.52. Kept over a restart of the daemon where it has a state directory.
struct SetIdentifyingInformation {
  static constexpr std::string_view name = "SET IDENTIFYING INFORMATION";
  static constexpr std::uint8_t operation_code = operation_code::maintenance_out;
  static constexpr std::uint16_t service_action = service_action::set_identifying_information;
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field parameter_list_length{6, 7, 32};
  static constexpr Field information_type{10, 7, 7};
  static constexpr std::array fields{parameter_list_length, information_type};
  static constexpr Access access = Access::unprotected_write;
  static constexpr Overlap overlap = Overlap::exclusive_range;  // of two that save, one is the later one
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
