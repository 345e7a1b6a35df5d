// SPDX-License-Identifier: Apache-2.0
#include "reactor/timer.h"

#include "reactor/shard.h"

namespace tgt {

// From the clock, not from the shard's now(): a turn that has taken long must not make the timer early.
void Timer::arm(Duration from_now) { arm_at(shard_.backend().now() + from_now); }

void Timer::arm_at(TimePoint due) { shard_.timers().add(*this, due); }

void Timer::cancel() {
  if (armed()) shard_.timers().remove(*this);
}

}  // namespace tgt
