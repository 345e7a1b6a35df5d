// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "reactor/shard.h"

namespace tgt {

// Jobs that hang together: those that use one open file or folder, by its descriptor, or those that use none.
enum class BlockingLane : int { general = -1 };

// A piece of work for a thread that may sleep, living in its owner's memory until it has run.
struct BlockingWork : PostedWork {
  BlockingLane lane = BlockingLane::general;
};

// Threads for calls that may sleep in the kernel (open, ioctl, fsync where nothing better is to be had). They are
// made when needed and end when idle. Each lane has so many at most, and its jobs wait for each other in order: a store
// that hangs holds up nobody else.
class BlockingPool {
 public:
  static constexpr unsigned most_of_one_file = 32;  // what a fast disk does at once; a store that hangs keeps as many

  // So many threads at most for the general lane. 0: every job is done on the spot by the one who submits it (tests).
  explicit BlockingPool(unsigned most_general = 32);
  ~BlockingPool();  // as end(5s)
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Takes no more work and waits until the jobs are done, but not longer than `most`; a job stuck in the kernel is then
  // left behind with its thread. False when some were.
  bool end(Duration most);
  // Something that stuck jobs may still touch: it is destroyed when the last of them has come back.
  void leave_behind(std::shared_ptr<void> something);

  // Runs on one of the threads. From any thread; the work's memory must live until it has run.
  void submit(BlockingWork& work);

  template <class Function>
  class Run;
  // Awaitable: `function` runs on a pool thread; its result is given on `shard`.
  template <class Function>
  Run<Function> run(Shard& shard, Function function) {
    return Run<Function>(*this, shard, BlockingLane::general, std::move(function));
  }
  template <class Function>
  Run<Function> run(Shard& shard, BlockingLane lane, Function function) {
    return Run<Function>(*this, shard, lane, std::move(function));
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
  Run(BlockingPool& pool, Shard& shard, BlockingLane lane, Function function)
      : pool_(pool), shard_(shard), function_(std::move(function)) {
    there_.lane = lane;
  }
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    task_ = waiting;
    there_.call = this;
    there_.run = [](PostedWork& work) { static_cast<Submission&>(work).call->run_there(); };
    pool_.submit(there_);
  }
  Value await_resume() {
    if constexpr (!std::is_void_v<Value>) return std::move(*value_);
  }

 private:
  struct Submission : BlockingWork {
    Run* call = nullptr;
  };
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
  Submission there_;
  Message back_;
};

}  // namespace tgt
