// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// READ BLOCK LIMITS (SSC-5) of a tape, no higher than what one command can carry.
Task<Reply> pass_read_block_limits(PassthroughDevice& device, Command& command);

// The correction itself: data as the device returned it, and the limit in bytes.
void correct_block_limits(MutableBytes data, std::uint32_t transfer_limit);

}  // namespace tgt
