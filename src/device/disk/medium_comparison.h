// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"

namespace tgt {

// Memory to read a piece of `range` into.
Result<Buffer, Sense> memory_to_compare(const Disk& disk, Command& command, const BlockRange& range);

// Reads `range` piece by piece and compares it with `expected`, which is repeated as often as it takes (one block
// against many); nothing is compared when it is empty, and that the blocks can be read is all that is found out.
// Nothing: they are equal. Else the reply that says where they differ, or why they could not be read.
struct Comparison {
  BlockRange range;
  Bytes expected{};
  Buffer memory{};
};
Task<std::optional<Reply>> compare_medium(Disk& disk, Command& command, Comparison comparison);
Task<std::optional<Reply>> compare_medium(Disk& disk, Command& command, BlockRange range, Bytes expected);

}  // namespace tgt
