// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/task_set.h"
#include "reactor/event.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// What became of the function that wanted tasks gone.
enum class AbortVerdict : std::uint8_t {
  complete,  // all of them have ended; none of them is answered
  rejected,  // the tasks go on, and those that have ended meanwhile are answered after all
};

// The tasks of one logical unit on one shard that one task management function (or a closing nexus) wants gone.
// Several groups may hold the same task. Everything here happens on that shard.
//
// A task that ends while it is wanted gone is kept back until the verdict is known: so every task is either answered,
// or covered by a function that was answered "complete", and never both.
class AbortGroup {
 public:
  enum class Until : std::uint8_t {
    ended,  // their handlers are done; settle() tells the verdict
    left,   // they are gone from the unit; the verdict is `complete` from the start
  };
  AbortGroup(std::shared_ptr<LogicalUnit> unit, Shard& shard, Until until);
  ~AbortGroup();
  AbortGroup(const AbortGroup&) = delete;
  AbortGroup& operator=(const AbortGroup&) = delete;

  // Marks the tasks that are there now and hastens their end: dormant ones never run, those that wait for Data-Out wait
  // no more, the device server is told of the others.
  void mark(const TaskSet::Predicate& which);
  // Only waits for the tasks that are there now, which go their way and are answered.
  void watch(const TaskSet::Predicate& which);
  bool found_any() const { return found_any_; }

  // True when all have ended (or left), false when the time has come first; then it may be called again.
  Task<bool> wait(std::optional<TimePoint> until);

  // Who else lost tasks by it gets `condition` (COMMANDS CLEARED BY ANOTHER INITIATOR).
  struct Notice {
    const Nexus* except = nullptr;
    std::optional<Sense> condition;
  };
  void settle(AbortVerdict verdict, const Notice& notice);

  // From the task set.
  void ended(Command& command);
  void left(Command& command);

 private:
  std::vector<Command*> tasks_there(const TaskSet::Predicate& which);
  void hasten(Command& command);
  static void hasten_part(Command& part);
  void release(Command& command);
  void tell_if_empty();
  void deregister();

  struct Done : PostedWork {
    Event event;
  };
  std::shared_ptr<LogicalUnit> unit_;
  TaskSet& set_;
  Shard& shard_;
  Until until_;
  bool registered_ = false;
  bool found_any_ = false;
  bool awaited_ = false;
  bool told_ = false;
  std::unordered_set<Command*> running_;
  std::unordered_set<Command*> ended_;
  Done done_;
};

}  // namespace tgt
