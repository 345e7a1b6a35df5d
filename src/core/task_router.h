// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "core/command.h"
#include "core/command_table.h"
#include "reactor/task.h"

namespace tgt {

// SAM-6's task router: takes a command through a logical unit, from its arrival to its reply.
//
// In order: find the logical unit (INQUIRY, REPORT LUNS and REQUEST SENSE are answered where there is none); enter the
// task set (TASK SET FULL, ordering); report a pending unit attention; check reservations; decode the CDB; run the
// device server's handler; cut the reply to the allocation length and to what the initiator expects; encode sense.
class TaskRouter {
 public:
  enum class Outcome : std::uint8_t {
    respond,  // send reply()
    silent,   // the task was aborted: nothing may be sent for it any more
  };
  // Calls for one nexus are made in the order in which the commands are to enter the task sets (CmdSN order): all that
  // decides about order happens before the first suspension.
  static Task<Outcome> execute(Command& command);

 private:
  using Decoded = Result<const CommandTraits*, Sense>;
  static ItlNexus* find_unit(Command& command);
  static Outcome answer_without_unit(Command& command);
  static Outcome refuse(Command& command, Reply reply);
  // What stands in the way of a task that has been enabled.
  static std::optional<Reply> obstacle(Command& command, const Decoded& decoded);
  static std::optional<Reply> report_unit_attention(Command& command, const Decoded& decoded);
  static void keep_unit_attention(Command& command);

  // task_reply.cc: the reply as the initiator is to see it.
  static void shape_reply(Command& command, const CommandTraits* row, SenseData::Format format);
  static void set_residual(Command& command, std::size_t returned);
  static void count_submitted(Command& command);
  static void count_done(Command& command);
};

}  // namespace tgt
