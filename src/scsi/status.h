// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// SCSI status codes (SAM-6, 5.3.1). A byte from a device may hold other values too; they are passed on as they are.
enum class Status : std::uint8_t {
  good = 0x00,
  check_condition = 0x02,
  condition_met = 0x04,
  busy = 0x08,
  reservation_conflict = 0x18,
  task_set_full = 0x28,
  aca_active = 0x30,
  task_aborted = 0x40,
};

}  // namespace tgt
