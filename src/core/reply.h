// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <utility>

#include "base/buffer.h"
#include "scsi/sense.h"
#include "scsi/status.h"

namespace tgt {

// What a device server gives back for one command. It knows nothing of what the initiator expected: truncation to the
// allocation length, residuals and the sense format are the TaskRouter's, once, when the reply leaves.
struct Reply {
  Status status = Status::good;
  Buffer data{};                // Data-In; also together with CHECK CONDITION (filemark, ILI, recovered error)
  std::size_t data_length = 0;  // how many bytes from the start of `data` the device returned
  // Data-Out that the device took, where it may be less than the CDB asks for (a real device that stopped half-way).
  std::optional<std::size_t> data_out_taken{};
  std::optional<Sense> sense{};  // ours, encoded when the reply leaves
  SenseData sense_data{};        // or a device's own, passed on untouched

  static Reply good() { return {}; }
  static Reply data_in(Buffer buffer, std::size_t length) {
    Reply reply;
    reply.data = std::move(buffer);
    reply.data_length = length;
    return reply;
  }
  static Reply check_condition(const Sense& why) {
    Reply reply;
    reply.status = Status::check_condition;
    reply.sense = why;
    return reply;
  }
  static Reply with_status(Status status) {
    Reply reply;
    reply.status = status;
    return reply;
  }
};

}  // namespace tgt
