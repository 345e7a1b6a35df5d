// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command_table.h"
#include "core/reservations/persistent_reserve_in.h"
#include "core/reservations/persistent_reserve_out.h"
#include "core/reservations/reserve_release.h"

namespace tgt {

// The commands of a device type with all that reservations need: for device types that can be reserved.
template <class Device, class... CommandStructs>
consteval auto command_set_with_reservations() {
  return command_set<Device, CommandStructs..., Reserve6, Release6, Reserve10, Release10, ReadKeys, ReadReservation,
                     ReportCapabilities, ReadFullStatus, RegisterKey, PersistentReserve, PersistentRelease,
                     ClearReservations, Preempt, PreemptAndAbort, RegisterAndIgnoreExistingKey, RegisterAndMove>();
}

}  // namespace tgt
