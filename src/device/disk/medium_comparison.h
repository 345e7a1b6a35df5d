// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"

namespace tgt {

// Reads `range` piece by piece and compares it with `expected`, which is repeated as often as it takes (one block
// against many); nothing is compared when it is empty, and that the blocks can be read is all that is found out.
// Nothing: they are equal. Else the reply that says where they differ, or why they could not be read.
Task<std::optional<Reply>> compare_medium(Disk& disk, Command& command, BlockRange range, Bytes expected);

}  // namespace tgt
