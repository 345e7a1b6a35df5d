// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "reactor/event.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "reactor/time.h"
#include "reactor/wait.h"

namespace tgt {

// A task that has been begun and goes on to its end, even when nobody waits for it any longer: for what a device may
// hold up for ever. All on one shard; what the task uses must live as long as it does.
class Begun {
 public:
  explicit Begun(Task<void> task) { spawn(run(std::move(task), ended_)); }

  // False: the time has come first. May be asked again.
  Task<bool> ended_by(Shard& shard, TimePoint deadline) const { return wait_for(ended_, shard, deadline); }
  Task<void> end() const { return wait_for(ended_); }

 private:
  static Task<void> run(Task<void> task, std::shared_ptr<Event> ended) {
    co_await std::move(task);
    ended->set();
  }
  static Task<bool> wait_for(std::shared_ptr<Event> ended, Shard& shard, TimePoint deadline) {
    const bool in_time = co_await wait_until(shard, *ended, deadline);
    co_return in_time;
  }
  static Task<void> wait_for(std::shared_ptr<Event> ended) { co_await ended->wait(); }

  std::shared_ptr<Event> ended_ = std::make_shared<Event>();
};

}  // namespace tgt
