// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "device/disk/copy/copy_blocks.h"
#include "device/disk/copy/copy_list.h"

namespace tgt {

// What a copy list asks for, with its ends found and its ranges within them: one span for each segment; or the sense of
// the first segment that cannot be. On the shard of the command.
Result<std::vector<CopySpan>, Sense> plan_copy(const Command& command, const CopyList& list);

}  // namespace tgt
