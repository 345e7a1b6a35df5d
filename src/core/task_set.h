// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/command.h"
#include "reactor/gate.h"
#include "reactor/mutex.h"
#include "reactor/task.h"

namespace tgt {

class ItlNexus;
class LogicalUnit;

// The task set of one logical unit (SAM-6, 8), over all shards.
//
// Every shard keeps a list of its own tasks, touched by nobody else: on a quiet unit a SIMPLE task enters and leaves
// without a lock. An ORDERED task, a reset or a drain arms the unit: it sets `task_ordering` in the armed word of
// every nexus, then asks each shard to say when the tasks that it had enabled by then have ended. While armed, tasks
// wait in one queue in order of arrival, under the lock, and are enabled from it by the rules of SAM-6: a SIMPLE task
// when no ORDERED task stands before it, an ORDERED task when it is the oldest, HEAD OF QUEUE at once.
class TaskSet {
 public:
  TaskSet(LogicalUnit& unit, std::size_t shard_count);
  ~TaskSet();
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

 private:
  LogicalUnit& unit_;
};

}  // namespace tgt
