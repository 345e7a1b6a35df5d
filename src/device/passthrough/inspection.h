// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/result.h"
#include "device/passthrough/device_facts.h"
#include "initiator/initiator_port.h"

namespace tgt {

// Asks a device what it is, before anybody uses it. The error is a text for people; only INQUIRY must be answered: a
// drive may be empty and a device may know less than others.
Task<Result<DeviceFacts, std::string>> inspect_device(Shard& shard, InitiatorPort& port);

}  // namespace tgt
