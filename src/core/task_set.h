// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "core/command.h"
#include "core/command_table.h"
#include "core/task_allowance.h"
#include "core/task_list.h"
#include "core/task_order.h"
#include "reactor/mutex.h"

namespace tgt {

class AbortGroup;
class ItlNexus;
class LogicalUnit;
class Target;

// The task set of one logical unit (SAM-6, 8), over all shards.
//
// Every shard keeps a list of its own tasks, touched by nobody else: on a quiet unit a SIMPLE task enters and leaves
// without a lock. An ORDERED task, a HEAD OF QUEUE task or a freeze arms the unit: it sets `task_ordering` in the armed
// word of every nexus, so that newcomers go through TaskOrder, under the lock. An ORDERED task also asks each shard to
// say when the tasks that it has let past the lock have ended: a message runs on the shard's own thread, so it sees
// every task that found the armed word at zero.
class TaskSet {
 public:
  TaskSet(LogicalUnit& unit, const std::vector<Shard*>& shards);
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

  void attach(ItlNexus& itl);
  void detach(ItlNexus& itl);

  enum class Entry : std::uint8_t { enabled, dormant, full };
  // A command joins, on its shard. With an exclusive range no other task may run meanwhile, whatever its attribute; an
  // independent one is enabled at once. After `dormant` its router awaits admission() at once; when that returns the
  // task is enabled, or an abort has reached it first.
  Entry enter(Command& command, Overlap overlap);
  auto admission(Command& command) { return Waiting{command}; }

  // The command stays, to be found by aborts and resets, but what comes does not wait for it any more: it has nothing
  // left to do that depends on order.
  void leave_order(Command& command);
  // All that it has left to do are parts, which are ordered on their own: no task that wants to be alone waits for the
  // whole. Nothing changes for a command that was itself sent to be ordered.
  void step_aside(Command& command);

  // While it waits for its Data-Out: nobody waits for it but a task that is ORDERED. Afterwards come_back() says
  // whether it goes on at once or has to await admission(), ahead of what is dormant already. Nothing changes for a
  // command that keeps its place.
  void step_back(Command& command);
  Entry come_back(Command& command);

  // Its handler is done (or never ran). True: the verdict of a task management function has to be awaited first.
  bool end(Command& command);
  auto verdict(Command& command) { return Waiting{command}; }
  // It is gone. The last thing that its router does with the logical unit.
  void leave(Command& command);

  // While frozen (counted) no further task is enabled, but independent ones.
  void freeze();
  void thaw();

  // Own shard's tasks only.
  using Predicate = std::function<bool(const Command&)>;
  bool any_on(const Shard& shard, const Predicate& which) const;
  // Every nexus of `target` on this shard forgets this unit (its tasks keep what they use until they end).
  void forget_nexuses_on(const Shard& shard, const Target& target);
  // Their commands find the LUN unmapped from now on.
  void mark_removed(const Target& target);

 private:
  friend class AbortGroup;
  struct Waiting {
    Command& command;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> task) const noexcept { command.wake_.task = task; }
    void await_resume() const noexcept {}
  };
  struct DrainRequest : PostedWork {
    TaskSet* set = nullptr;
    unsigned shard = 0;
    std::shared_ptr<LogicalUnit> keep;  // the unit lives until the message has run
  };
  struct alignas(64) OfShard {
    Shard* shard = nullptr;
    TaskList<&Command::of_shard_> tasks;
    TaskAllowance::Stock allowance;
    std::size_t quiet = 0;         // tasks enabled without the lock
    bool reports_drained = false;  // when `quiet` falls to zero
    std::vector<AbortGroup*> groups;
    DrainRequest drain_request;
    // Under the lock:
    std::size_t attached = 0;
    bool asked = false;      // the request is under way
    bool undrained = false;  // TaskOrder waits for this shard
  };

  OfShard& of(const Command& command);
  void one_quiet_less(OfShard& mine);
  Entry enter_armed(Command& command, Command::Standing standing);
  void put_aside(Command& command);
  // With the lock held: what arming and disarming takes; the requests are posted after unlocking.
  void arm();
  void disarm_if_quiet();
  void collect_drain_requests(std::vector<OfShard*>& requests);
  void post(const std::vector<OfShard*>& requests);
  void drain_requested(OfShard& mine);
  void report_drained(OfShard& mine);
  static void wake(Command& command);
  static void wake_all(TaskOrder::Queue queue, const Command* but_not = nullptr);
  void cancel_if_dormant(Command& command);

  LogicalUnit& unit_;
  std::vector<OfShard> shards_;
  TaskAllowance allowance_;
  Mutex mutex_;
  TaskOrder order_;
  std::unordered_set<ItlNexus*> nexuses_;
  bool armed_ = false;
  bool drain_began_ = false;  // since it was armed
};

}  // namespace tgt
