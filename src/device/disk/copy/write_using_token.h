// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/copy/token_list.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.44. Writes to ranges of this disk what a ROD token stands for: blocks of a disk of the same target that the
// initiator may access (read now, if it is still what it was), or zeros.
struct WriteUsingToken {
  static constexpr std::string_view name = "WRITE USING TOKEN";
  static constexpr std::uint8_t operation_code = operation_code::third_party_copy_out;
  static constexpr std::uint16_t service_action = service_action::write_using_token;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field list_identifier = TokenList::list_identifier;
  static constexpr Field parameter_list_length = TokenList::parameter_list_length;
  static constexpr Field group_number{14, 4, 5};
  static constexpr std::array fields{list_identifier, parameter_list_length, group_number};
  static constexpr Access access = Access::write;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
