// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "scsi/cdb.h"
#include "scsi/peripheral_device_type.h"
#include "scsi/sense.h"

namespace tgt {

// All initiators reach the device through the one I_T nexus of this host. A command that acts for a nexus, or tells of
// the device's ports instead of ours, would mean something else there than its sender thinks: it is not sent.
bool is_refused(PeripheralDeviceType type, std::uint8_t operation_code, std::uint16_t service_action);
std::optional<Sense> refusal_of(PeripheralDeviceType type, const Cdb& cdb);

}  // namespace tgt
