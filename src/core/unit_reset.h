// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "core/device_server.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "scsi/sense.h"

namespace tgt {

class LogicalUnit;

// Resets one logical unit (SAM-6, 6.3.3): no new task is enabled, all tasks are wanted gone, the device is reset, and
// all tasks on all shards are awaited. True only when the device said that it was done and every task has ended in
// time; otherwise the tasks that are left go on. However long the device takes, the answer comes at `until`; the unit
// stays frozen until the device has answered.
//
// Runs on `here`, whose tasks are marked before this first suspends.
struct UnitReset {
  ResetKind kind = ResetKind::logical_unit;
  Sense condition{};  // for every nexus, once the device has been reset
  TimePoint until{};

  Task<bool> perform(Shard& here, std::shared_ptr<LogicalUnit> unit) const;
};

}  // namespace tgt
