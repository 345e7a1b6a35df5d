// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/reserve_release.h"

#include "core/itl_nexus.h"
#include "core/logical_unit.h"

namespace tgt {

Reply ReserveRelease::reserve(Command& command) {
  return Reply::with_status(command.itl().unit().reservations().reserve(command.itl()));
}

Reply ReserveRelease::release(Command& command) {
  return Reply::with_status(command.itl().unit().reservations().release(command.itl()));
}

}  // namespace tgt
