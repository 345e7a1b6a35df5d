// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command_table.h"
#include "device/passthrough/device_facts.h"
#include "scsi/cdb.h"

namespace tgt {

// What no device sees, because it is about our initiators and our ports: reservations and target port groups. Of the
// maintenance codes these are two service actions, the others have their operation codes to themselves.
CommandTable own_commands(PeripheralDeviceType type);
bool is_own_command(PeripheralDeviceType type, std::uint8_t operation_code, std::uint16_t service_action);

// How a command of a passed-through device is handled: almost all are forwarded as they are; a few are answered or
// corrected here, because the device knows nothing of our ports and initiators.
const CommandTraits& passthrough_row(const DeviceFacts& facts, const Cdb& cdb);
// While a command, which may take hours, occupies a device that does one thing after the other: what is answered
// without it all the same (INQUIRY, REQUEST SENSE); null for what waits.
const CommandTraits* row_while_occupied(const DeviceFacts& facts, const Cdb& cdb);

}  // namespace tgt
