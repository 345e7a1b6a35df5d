// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "base/result.h"
#include "core/command.h"
#include "transport/iscsi/pdu.h"

namespace tgt {

// What a SCSI Command PDU asks for, and why it cannot be had if it cannot.
struct CommandRequest {
  Command::Request request{};
  bool writes = false;
  std::optional<Sense> refusal{};  // the task ends with it, without reaching a logical unit
};

// Data-Out is taken up to this length in one command.
inline constexpr std::uint32_t longest_data_out = std::uint32_t{16} << 20;

// Reads header and additional header segments (RFC 7143, 11.2.2 and 11.3). Malformed segments are a reject.
Result<CommandRequest, iscsi::RejectReason> parse_command(const iscsi::ScsiCommandHeader& header,
                                                          Bytes additional_header);

}  // namespace tgt
