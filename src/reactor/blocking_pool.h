// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "reactor/shard.h"

namespace tgt {

// Threads for calls that may sleep in the kernel (open, ioctl, fsync where nothing better is to be had). They are
// made when needed, up to a limit, and end when idle. Jobs wait in order when all threads are taken, so a device that
// may hang has its own pool or its own device shard.
class BlockingPool {
 public:
  // 0: every job is done on the spot by the one who submits it (tests).
  explicit BlockingPool(unsigned most_threads = 32);
  ~BlockingPool();  // as end(5s)
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Takes no more work and waits until the jobs are done, but not longer than `most`; a job stuck in the kernel is then
  // left behind with its thread. False when some were.
  bool end(Duration most);
  // Something that stuck jobs may still touch: it is destroyed when the last of them has come back.
  void leave_behind(std::shared_ptr<void> something);

  // Runs on one of the threads. From any thread; the work's memory must live until it has run.
  void submit(PostedWork& work);

  template <class Function>
  class Run;
  // Awaitable: `function` runs on a pool thread; its result is given on `shard`.
  template <class Function>
  Run<Function> run(Shard& shard, Function function) {
    return Run<Function>(*this, shard, std::move(function));
  }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

template <class Function>
class BlockingPool::Run {
  using Value = std::invoke_result_t<Function&>;
  struct Nothing {};
  using Stored = std::conditional_t<std::is_void_v<Value>, Nothing, Value>;

 public:
  Run(BlockingPool& pool, Shard& shard, Function function)
      : pool_(pool), shard_(shard), function_(std::move(function)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    task_ = waiting;
    there_.call = this;
    there_.run = [](PostedWork& work) { static_cast<Message&>(work).call->run_there(); };
    pool_.submit(there_);
  }
  Value await_resume() {
    if constexpr (!std::is_void_v<Value>) return std::move(*value_);
  }

 private:
  struct Message : PostedWork {
    Run* call = nullptr;
  };
  void run_there() {
    if constexpr (std::is_void_v<Value>) {
      function_();
    } else {
      value_.emplace(function_());
    }
    back_.call = this;
    back_.run = [](PostedWork& work) { static_cast<Message&>(work).call->task_.resume(); };
    shard_.post(back_);
  }

  BlockingPool& pool_;
  Shard& shard_;
  Function function_;
  std::coroutine_handle<> task_{};
  std::optional<Stored> value_;
  Message there_;
  Message back_;
};

}  // namespace tgt
