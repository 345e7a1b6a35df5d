// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// INQUIRY of a passed-through device: its own data, but for what speaks of its ports, its task set and its limits,
// which initiators meet as ours.
Task<Reply> pass_inquiry(PassthroughDevice& device, Command& command);

// While the device is occupied: the same from what is known of it since it was opened, where that is enough.
bool is_known_inquiry(const DeviceFacts& facts, const Cdb& cdb);
Reply answer_known_inquiry(PassthroughDevice& device, Command& command);

// The corrections of standard INQUIRY data (SPC-6, 6.7.2), for as many bytes as there are.
void correct_standard_inquiry(MutableBytes data);

}  // namespace tgt
