// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "initiator/scsi_result.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// Whether a device may be asked again without knowing what became of the first time. On a tape or a changer a command
// done twice is damage: their initiators are never invited to repeat blindly.
enum class Repetition : std::uint8_t { harmless, harmful };

constexpr Repetition repetition_of(PeripheralDeviceType type) {
  switch (type) {
    case PeripheralDeviceType::tape:
    case PeripheralDeviceType::medium_changer:
    case PeripheralDeviceType::printer:
      return Repetition::harmful;
    default:
      return Repetition::harmless;
  }
}

// What is said to the initiator of a request that came back from an initiator port.
struct MappedStatus {
  enum class Executed : std::uint8_t { yes, surely_not, unknown };

  Status status = Status::good;
  std::optional<Sense> sense{};   // ours; without it a CHECK CONDITION carries the device's own, untouched
  bool data_counts = false;       // what was transferred goes to the initiator
  std::uint32_t transferred = 0;  // how much that is
  Executed executed = Executed::yes;
  bool was_reset = false;  // by somebody else: every other nexus gets a unit attention
  bool device_gone = false;
};

struct MappingContext {
  Repetition repetition = Repetition::harmless;
  bool our_reset_pending = false;   // a reset of ours is under way, and whoever it concerns is told of it
  bool others_outstanding = false;  // TASK SET FULL needs somebody whose end makes room; else it is BUSY
  std::size_t cdb_length = 6;
  std::uint32_t information_unit = 1;  // the bytes that INFORMATION counts when it tells what was not transferred
};

// The device told of an earlier command's data, and has not carried out the one that got the answer.
bool is_deferred_error(const ScsiResult& result);

// The whole table, in one place. GOOD comes out only when the operating system, the host adapter, the driver and the
// device all say so.
MappedStatus map_status(const ScsiResult& result, const MappingContext& context);

}  // namespace tgt
