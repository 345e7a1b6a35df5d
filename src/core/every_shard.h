// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "reactor/call_on.h"
#include "reactor/event.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// Tasks of one shard that run side by side, and one that waits for all of them.
class Join {
 public:
  void add(Task<void> task) {
    ++running_;
    spawn(run(std::move(task)));
  }
  Task<void> all() {
    if (running_ != 0) {
      waited_for_ = true;
      co_await ended_.wait();
    }
  }

 private:
  Task<void> run(Task<void> task) {
    co_await std::move(task);
    if (--running_ == 0 && waited_for_) ended_.set();
  }
  std::size_t running_ = 0;
  bool waited_for_ = false;
  Event ended_;
};

// Runs `function(Shard&)`, a coroutine, on every shard at once and ends when all have ended. The caller's own part
// starts before this suspends for the first time. `function` must stay valid meanwhile (keep it in the caller's frame).
template <class Function>
Task<void> on_every_shard(Shard& here, const std::vector<Shard*>& shards, const Function& function) {
  const auto call = [&here, &function](Shard& there) -> Task<void> {
    co_await call_on(here, there, [&function, &there]() -> Task<void> { return function(there); });
  };
  Join join;
  for (Shard* shard : shards) {
    if (shard == &here) join.add(function(here));
  }
  for (Shard* shard : shards) {
    if (shard != &here) join.add(call(*shard));
  }
  co_await join.all();
}

}  // namespace tgt
