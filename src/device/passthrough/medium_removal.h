// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// PREVENT ALLOW MEDIUM REMOVAL (SPC-6): the medium is held as long as one initiator wants it held.
Task<Reply> pass_prevent_allow_medium_removal(PassthroughDevice& device, Command& command);

}  // namespace tgt
