// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "reactor/event.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "reactor/time.h"

namespace tgt {

// Waits for an event of this shard, but not after `deadline`. False: the time ran out first. The event must outlive
// the wait.
Task<bool> wait_until(Shard& shard, Event& event, TimePoint deadline);

}  // namespace tgt
