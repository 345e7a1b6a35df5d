// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-5, 6.5 (LID1). Copies blocks between disks that the initiator may access through this target. Every segment is
// checked before the first is copied.
struct ExtendedCopy {
  static constexpr std::string_view name = "EXTENDED COPY(LID1)";
  static constexpr std::uint8_t operation_code = operation_code::third_party_copy_out;
  static constexpr std::uint16_t service_action = service_action::extended_copy_lid1;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field parameter_list_length{10, 7, 32};
  static constexpr std::array fields{parameter_list_length};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
