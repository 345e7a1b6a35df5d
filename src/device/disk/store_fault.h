// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/reply.h"
#include "device/disk/block_range.h"
#include "store/io_fault.h"

namespace tgt {

enum class MediumAccess : std::uint8_t { reading, writing, verifying };

// What an initiator is told of a store's fault: INFORMATION is the first block that was not transferred. What is the
// medium's own fault is counted for the log pages.
Reply reply_for(const IoFault& fault, MediumAccess access, const Disk& disk, const BlockRange& range);
// The reply of a command that has changed blocks before: BUSY would say that it has done nothing.
Reply reply_after_change(Reply reply);

// After a command has changed blocks: ends when that is durable, where it must be before GOOD (FUA, or no write cache).
// The reply: why it is not.
enum class Durable : std::uint8_t { without_cache, always };
Task<std::optional<Reply>> make_durable(Disk& disk, Command& command, BlockRange range, Durable when);

// What a command has written, since when.
struct Written {
  BlockRange range;
  TimePoint began;
  bool force_unit_access = false;
};
// The end of a command that writes: GOOD, once what must be durable before it is (FUA, or no write cache), and counted
// for the log pages.
Task<Reply> conclude_write(Disk& disk, Command& command, Written written);

}  // namespace tgt
