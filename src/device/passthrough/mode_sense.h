// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// MODE SENSE (SPC-6) of a passed-through device: its own pages, but for the fields of the control mode page that speak
// of the task set, which is ours.
Task<Reply> pass_mode_sense(PassthroughDevice& device, Command& command);

// The correction itself. `header`: 4 bytes after MODE SENSE(6), 8 after MODE SENSE(10).
void correct_control_mode_page(MutableBytes data, std::size_t header);

}  // namespace tgt
