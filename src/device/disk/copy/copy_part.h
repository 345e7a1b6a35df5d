// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/disk/block_range.h"
#include "device/disk/copy/copy_end.h"

namespace tgt {

// Why one end of a copy did not do its part: the status that it answered with, and its sense.
struct PartFault {
  Status status = Status::task_aborted;
  std::optional<Sense> sense{};
};

// One READ, WRITE or WRITE SAME that a copy gives to one of its ends, as a task of the same initiator in the task set
// of that logical unit: so reservations, write protection, the capacity, atomic commands, resets and the administrator
// are obeyed as if the initiator had sent it. `whole` is the command that copies. An end that has no room is asked
// again; one that was reset, or got another medium, since the copy was planned refuses.
Task<Result<Buffer, PartFault>> read_part(Command& whole, const CopyEnd& end, BlockRange range);
Task<Result<void, PartFault>> write_part(Command& whole, const CopyEnd& end, BlockRange range, MutableBytes data);
// At most WritingSame::longest blocks.
Task<Result<void, PartFault>> write_zeros_part(Command& whole, const CopyEnd& end, BlockRange range);

}  // namespace tgt
