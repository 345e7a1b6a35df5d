// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/copy/token_list.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.19. Makes a ROD token that stands for ranges of this disk; RECEIVE ROD TOKEN INFORMATION fetches it.
struct PopulateToken {
  static constexpr std::string_view name = "POPULATE TOKEN";
  static constexpr std::uint8_t operation_code = operation_code::third_party_copy_out;
  static constexpr std::uint16_t service_action = service_action::populate_token;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field list_identifier = TokenList::list_identifier;
  static constexpr Field parameter_list_length = TokenList::parameter_list_length;
  static constexpr Field group_number{14, 4, 5};
  static constexpr std::array fields{list_identifier, parameter_list_length, group_number};
  static constexpr Access access = Access::write;  // as every third-party copy (SPC-5, table 72)
  // No write is under way while the token is made: each comes before it, or takes its force.
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
