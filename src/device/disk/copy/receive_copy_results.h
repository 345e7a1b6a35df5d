// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// What the service actions of RECEIVE COPY RESULTS (SPC-4's name for them) have in common.
struct ReceiveCopyResults {
  static constexpr std::uint8_t operation_code = operation_code::third_party_copy_in;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field list_identifier{2, 7, 8};
  static constexpr Field allocation_length{10, 7, 32};
  static constexpr std::array fields{list_identifier, allocation_length};
  // As EXTENDED COPY: conflicts with every reservation of another (SPC-5, table 72).
  static constexpr Access access = Access::write;
};

// SPC-5, 6.23: how far a copy is.
struct ReceiveCopyStatus : ReceiveCopyResults {
  static constexpr std::string_view name = "RECEIVE COPY STATUS(LID1)";
  static constexpr std::uint16_t service_action = service_action::receive_copy_status_lid1;
  static Reply run(Disk& disk, Command& command);
};

// SPC-5, 6.20: data that a segment descriptor held back for the initiator. No type that we copy holds any.
struct ReceiveCopyData : ReceiveCopyResults {
  static constexpr std::string_view name = "RECEIVE COPY DATA(LID1)";
  static constexpr std::uint16_t service_action = service_action::receive_copy_data_lid1;
  static Reply run(Disk& disk, Command& command);
};

// SPC-5, 6.22: what can be asked for in a copy list.
struct ReceiveCopyOperatingParameters : ReceiveCopyResults {
  static constexpr std::string_view name = "RECEIVE COPY OPERATING PARAMETERS";
  static constexpr std::uint16_t service_action = service_action::receive_copy_operating_parameters;
  static constexpr std::array fields{allocation_length};
  static Reply run(Disk& disk, Command& command);
};

// SPC-5, 6.21: the sense data of a copy that has failed.
struct ReceiveCopyFailureDetails : ReceiveCopyResults {
  static constexpr std::string_view name = "RECEIVE COPY FAILURE DETAILS(LID1)";
  static constexpr std::uint16_t service_action = service_action::receive_copy_failure_details_lid1;
  static Reply run(Disk& disk, Command& command);
};

}  // namespace tgt
