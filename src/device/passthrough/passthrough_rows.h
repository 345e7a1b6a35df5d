// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command_table.h"
#include "device/passthrough/device_facts.h"
#include "scsi/cdb.h"

namespace tgt {

// RESERVE, RELEASE and PERSISTENT RESERVE, which no device sees.
CommandTable reservation_commands();

// How a command of a passed-through device is handled: almost all are forwarded as they are; a few are answered or
// corrected here, because the device knows nothing of our ports and initiators.
const CommandTraits& passthrough_row(const DeviceFacts& facts, const Cdb& cdb);

}  // namespace tgt
