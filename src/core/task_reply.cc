// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itl_nexus.h"
#include "core/task_router.h"

namespace tgt {

// RFC 7143, 11.4.5.1: what was not transferred of what was expected, or would have been beyond it. A command that
// writes is measured by what its CDB wanted from the initiator, one that reads by what the device returned.
void TaskRouter::set_residual(Command& command, std::size_t returned) {
  const Command::Request& request = command.request_;
  const bool writes = request.expected_data_out.bytes != 0 || command.wanted_data_out_ != 0;
  const std::uint64_t expected = writes ? request.expected_data_out.bytes : request.expected_data_in.bytes;
  const std::uint64_t taken = command.reply_.data_out_taken.value_or(command.wanted_data_out_);
  const std::uint64_t actual = writes ? taken : returned;
  if (actual == expected) return;
  const std::uint64_t difference = actual > expected ? actual - expected : expected - actual;
  command.residual_ = {.kind = actual > expected ? Residual::Kind::overflow : Residual::Kind::underflow,
                       .bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(difference, 0xffffffffu))};
}

void TaskRouter::shape_reply(Command& command, const CommandTraits* row, SenseData::Format format) {
  Reply& reply = command.reply_;
  if (row != nullptr && row->allocation_length) {
    reply.data_length = std::min<std::size_t>(reply.data_length, command[*row->allocation_length]);
  }
  set_residual(command, reply.data_length);
  reply.data_length = std::min<std::size_t>(reply.data_length, command.request_.expected_data_in.bytes);
  if (reply.sense) reply.sense_data = SenseData::encode(*reply.sense, format);
}

void TaskRouter::count_submitted(Command& command) {
  Statistics& statistics = command.itl().statistics();
  const Command::Request& request = command.request_;
  if (request.expected_data_in.bytes != 0) {
    Statistics::add(statistics.read_submitted_commands, 1);
    Statistics::add(statistics.read_submitted_bytes, request.expected_data_in.bytes);
  }
  if (request.expected_data_out.bytes != 0) {
    Statistics::add(statistics.write_submitted_commands, 1);
    Statistics::add(statistics.write_submitted_bytes, request.expected_data_out.bytes);
  }
}

void TaskRouter::count_done(Command& command) {
  Statistics& statistics = command.itl().statistics();
  const Command::Request& request = command.request_;
  if (request.expected_data_in.bytes != 0) {
    Statistics::add(statistics.read_done_commands, 1);
    Statistics::add(statistics.read_done_bytes, command.reply_.data_length);
  }
  if (request.expected_data_out.bytes != 0) {
    Statistics::add(statistics.write_done_commands, 1);
    Statistics::add(statistics.write_done_bytes, command.fetched_data_out_);
  }
  if (command.reply_.status == Status::check_condition) Statistics::add(statistics.errors, 1);
}

}  // namespace tgt
