// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/extended_copy.h"

#include <algorithm>

#include "device/disk/copy/copy_plan.h"
#include "device/disk/copy/third_party_copies.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

Reply failed_segment(const Command& command, std::size_t number) {
  if (command.abort_requested()) return Reply::check_condition(Sense::aborted_command());
  Sense sense = copy_sense::third_party_device_failure;
  sense.command_specific = number;
  return Reply::check_condition(sense);
}

Task<Reply> copy_segments(Command& command, const std::vector<CopySpan>& plan, const CopyOperations::Ticket& ticket) {
  std::uint64_t moved = 0;
  for (std::size_t number = 0; number < plan.size(); ++number) {
    const auto copied = co_await copy_blocks(command, plan[number], moved);
    ticket.progress(moved, copied ? number + 1 : number);
    if (!copied) co_return failed_segment(command, number);
  }
  co_return Reply::good();
}

}  // namespace

Task<Reply> ExtendedCopy::run(Disk& disk, Command& command) {
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const std::uint64_t length = std::min<std::uint64_t>(command[parameter_list_length], CopyList::longest);
  const auto data = co_await command.parameter_list(length);
  if (!data) co_return Reply::check_condition(data.error());
  const auto list = CopyList::parse(*data);
  if (!list) co_return Reply::check_condition(list.error());
  auto ticket =
      disk.third_party_copies().operations.begin(command.itl(), list->identifier, CopyOperations::Kind::extended_copy);
  if (!ticket) co_return CopyOperations::reply_for(ticket.error());
  const auto plan = plan_copy(command, *list);
  command.itl().unit().task_set().step_aside(command);
  Reply reply = plan ? co_await copy_segments(command, *plan, *ticket) : Reply::check_condition(plan.error());
  ticket->end(reply.status, reply.sense);
  co_return reply;
}

}  // namespace tgt
