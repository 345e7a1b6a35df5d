// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-5, 6.25, as SBC-4, 5.26 uses it: what came of a POPULATE TOKEN, with the token, or of a WRITE USING TOKEN.
struct ReceiveRodTokenInformation {
  static constexpr std::string_view name = "RECEIVE ROD TOKEN INFORMATION";
  static constexpr std::uint8_t operation_code = operation_code::third_party_copy_in;
  static constexpr std::uint16_t service_action = service_action::receive_rod_token_information;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field list_identifier{2, 7, 32};
  static constexpr Field allocation_length{10, 7, 32};
  static constexpr std::array fields{list_identifier, allocation_length};
  static constexpr Access access = Access::write;  // as every third-party copy (SPC-5, table 72)
  static Reply run(Disk& disk, Command& command);
};

}  // namespace tgt
