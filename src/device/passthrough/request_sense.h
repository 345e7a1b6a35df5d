// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// REQUEST SENSE (SPC-6) of a passed-through device: as the device answers it. A unit attention that comes as parameter
// data is as much over for the device as one that comes with CHECK CONDITION, and so is a deferred error.
Task<Reply> pass_request_sense(PassthroughDevice& device, Command& command);

}  // namespace tgt
