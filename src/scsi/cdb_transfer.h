// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

#include "scsi/cdb.h"
#include "scsi/data_direction.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// What a CDB itself says about its data, for those who carry commands to a device without being that device.
struct CdbTransfer {
  enum class Unit : std::uint8_t {
    bytes,
    logical_blocks,     // of the medium's block length, without protection information
    fixed_tape_blocks,  // of the block length in the mode parameter header's block descriptor
    unstated,           // there is data, but only the parameter list or the medium tells how much
  };
  DataDirection direction = DataDirection::none;  // none whenever count is zero and the unit is not `unstated`
  Unit unit = Unit::bytes;
  std::uint64_t count = 0;
  // Each block is followed by protection information if the medium was formatted with it (RDPROTECT, WRPROTECT or
  // VRPROTECT is not zero).
  bool protection_information = false;
};

// Nothing for vendor-specific codes and whatever else the standards do not describe for this device type.
std::optional<CdbTransfer> cdb_transfer(PeripheralDeviceType type, const Cdb& cdb);

// How long a command may take, in steps that differ by orders of magnitude.
enum class TimeoutClass : std::uint8_t {
  prompt,       // answered from memory: INQUIRY, MODE SENSE, reservations
  transfer,     // reads, writes and verifies of what the CDB says
  settle,       // cache flushes, spin-up, trays, deallocation
  filemarks,    // writes what a tape drive has buffered
  position,     // winds a tape, loads it
  move_medium,  // one journey of a robot
  inventory,    // a robot looks at every element
  diagnostic,   // self-tests, microcode
  third_party_copy,
  whole_medium,  // FORMAT, ERASE, SANITIZE, BLANK
  unknown,
};
TimeoutClass timeout_class(PeripheralDeviceType type, const Cdb& cdb);

// What to wait when the device does not tell its own timeouts (REPORT SUPPORTED OPERATION CODES with RCTD). Generous:
// a kernel timeout resets the logical unit, and a tape loses its position with that.
std::chrono::seconds default_timeout(PeripheralDeviceType type, const Cdb& cdb);

}  // namespace tgt
