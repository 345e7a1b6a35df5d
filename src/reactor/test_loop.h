// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "reactor/blocking_pool.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// For tests: one shard on the calling thread, over any backend, which runs a task to its end.
class TestLoop {
 public:
  explicit TestLoop(std::unique_ptr<Backend> backend, BlockingPool& blocking)
      : shard_(Shard::Options{}, std::move(backend), blocking) {}

  Shard& shard() { return shard_; }

  // False when it has not ended after `patience` on the backend's clock.
  bool run(Task<void> task, Duration patience = 20s) {
    const auto ended = std::make_shared<bool>(false);
    spawn(watched(std::move(task), ended));
    const TimePoint deadline = shard_.backend().now() + patience;
    while (!*ended && shard_.backend().now() < deadline) shard_.turn(deadline);
    return *ended;
  }

 private:
  static Task<void> watched(Task<void> task, std::shared_ptr<bool> ended) {
    co_await std::move(task);
    *ended = true;
  }

  Shard shard_;
};

}  // namespace tgt
