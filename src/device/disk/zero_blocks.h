// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "store/io_fault.h"

namespace tgt {

// What becomes of the space of blocks that shall be zeros.
enum class Unwanted : std::uint8_t {
  kept,        // or not: as is quicker
  given_back,  // if the store can
};

// Makes blocks zeros, step by step, so that others of this shard have their turn and an abort is heeded: then the fault
// is `cancelled`.
Task<Result<void, IoFault>> zero_blocks(Disk& disk, Command& command, BlockRange range, Unwanted space);

}  // namespace tgt
