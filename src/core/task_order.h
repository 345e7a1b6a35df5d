// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "core/command.h"
#include "core/task_list.h"

namespace tgt {

// The order of the tasks that take the slow path, and nothing else: no lock, no shards, no coroutines. The task set
// guards it with its lock.
//
// SAM-6, 8.6: HEAD OF QUEUE is enabled at once; SIMPLE when no HEAD OF QUEUE task runs and no ORDERED task stands
// before it; ORDERED when it is the oldest and every earlier task has ended. While frozen nothing is enabled.
// A part of a task that runs already (Command), or a task that comes back from waiting for its data, waits for nothing
// but a task that is alone: what is dormant may be waiting for that very task.
class TaskOrder {
 public:
  using Queue = TaskList<&Command::of_queue_>;
  using Standing = Command::Standing;

  // A task joins the queue, or comes back to its front when it had been put aside. An ORDERED one may ask to be alone:
  // then HEAD OF QUEUE does not overtake it once it runs.
  void enter(Command& command, Standing standing);
  // The dormant tasks that may run now, in order; each leaves the queue by this.
  Queue enable();
  // An enabled task (or one that went past the lock) waits for something else, for its parts or its data: a task that
  // wants to be alone does not wait for it, one that is ORDERED still does.
  void put_aside(Command& command);
  // A task that was enabled has ended, or nothing waits for it any more.
  void end(Command& command);
  // A dormant task goes without having run.
  void cancel(Command& command);

  void freeze() { ++frozen_; }
  void thaw() { --frozen_; }
  // Tasks that went past the lock, of `shards` shards, must end before an ORDERED task may run.
  void wait_for_shards(std::size_t shards) { undrained_shards_ += shards; }
  void shard_is_drained() { --undrained_shards_; }

  // Does anything here concern tasks that arrive now?
  bool concerns_newcomers() const {
    return frozen_ != 0 || ordered_enabled_ || head_of_queue_enabled_ != 0 || !dormant_.empty();
  }

 private:
  bool may_run(const Command& command) const;
  void start(Command& command, Queue& enabled);

  Queue& queue_of(const Command& command) { return command.standing_ == Standing::part ? parts_ : dormant_; }

  Queue parts_;
  Queue dormant_;
  std::size_t simple_enabled_ = 0;
  std::size_t aside_ = 0;
  std::size_t head_of_queue_enabled_ = 0;
  bool ordered_enabled_ = false;
  bool alone_enabled_ = false;
  std::size_t undrained_shards_ = 0;
  std::size_t frozen_ = 0;
};

}  // namespace tgt
