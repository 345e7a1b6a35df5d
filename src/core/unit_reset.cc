// SPDX-License-Identifier: Apache-2.0
#include "core/unit_reset.h"

#include <utility>

#include "core/abort_sweep.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "reactor/timer.h"

namespace tgt {
namespace {

// The device's part, from when the reset of the unit has begun. It lives until the device has answered, which may be
// after its reset has been given up.
struct DeviceReset {
  std::shared_ptr<LogicalUnit> unit;
  std::shared_ptr<Event> answered_or_late = std::make_shared<Event>();
  std::shared_ptr<ResetOutcome> outcome = std::make_shared<ResetOutcome>(ResetOutcome::failed);
};

Task<void> reset_device(DeviceReset reset, Shard& here, ResetKind kind, Sense condition) {
  reset.unit->task_set().freeze();
  const ResetOutcome outcome = co_await reset.unit->device().reset(here, kind);
  *reset.outcome = outcome;
  if (outcome == ResetOutcome::done) reset.unit->was_reset(condition);
  reset.unit->task_set().thaw();
  reset.unit->reset_ends();
  reset.answered_or_late->set();
}

}  // namespace

Task<bool> UnitReset::perform(Shard& here, std::shared_ptr<LogicalUnit> unit) const {
  const UnitReset self = *this;  // the caller's may be gone before this ends
  unit->reset_begins();          // at once: whoever takes the unit away closes the device when there is none
  unit->task_set().freeze();
  AbortSweep tasks(here, unit->shards(), unit, [](const Command&) { return true; });
  co_await tasks.mark();

  const DeviceReset device{.unit = unit};
  spawn(reset_device(device, here, self.kind, self.condition));
  Timer timer(here, [](void* event) { static_cast<Event*>(event)->set(); }, device.answered_or_late.get());
  timer.arm_at(self.until);
  co_await device.answered_or_late->wait();
  timer.cancel();

  const bool device_done = *device.outcome == ResetOutcome::done;
  const bool all_ended = co_await tasks.wait(self.until);
  const bool complete = device_done && all_ended;
  co_await tasks.settle(complete ? AbortVerdict::complete : AbortVerdict::rejected);
  unit->task_set().thaw();
  co_return complete;
}

}  // namespace tgt
