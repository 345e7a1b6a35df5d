// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "transport/iscsi/pdu.h"

namespace tgt {

// Something that waits to be sent on a connection, in the order in which it was queued.
struct Outgoing {
  enum class Kind : std::uint8_t { command, small };
  explicit Outgoing(Kind of_kind) : kind(of_kind) {}

  Outgoing* next = nullptr;
  Kind kind;
  bool queued = false;

 protected:
  ~Outgoing() = default;
};

// A PDU that is no part of a SCSI command: NOP-In, text, logout and task management responses, reject, asynchronous
// messages. The sender fills the sequence numbers in.
struct SmallPdu final : Outgoing {
  SmallPdu() : Outgoing(Kind::small) {}

  iscsi::BasicHeader header{};
  std::vector<std::uint8_t> data;
  bool carries_status = true;    // uses up a StatSN
  bool answers_request = false;  // opens the command window by one
  bool asks_for_life = false;    // the keep-alive's ping
};

}  // namespace tgt
