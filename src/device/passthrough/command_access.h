// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command_table.h"
#include "scsi/cdb.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// What a command does to the medium of a real device, as reservations see it: the tables "commands allowed in the
// presence of various reservations" of SPC-6, SBC-4, SSC-5, SMC-3, and for MMC-6, which has none, what its commands
// do. A code that is not in them counts as a write.
using AccessRule = Access (*)(const Cdb&);
Access access_of_block_command(const Cdb& cdb);
Access access_of_tape_command(const Cdb& cdb);
Access access_of_changer_command(const Cdb& cdb);
Access access_of_optical_command(const Cdb& cdb);
Access access_of_other_command(const Cdb& cdb);  // of all device types

}  // namespace tgt
