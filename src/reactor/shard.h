// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>

#include "reactor/backend.h"
#include "reactor/buffer_pool.h"
#include "reactor/task.h"
#include "reactor/time.h"
#include "reactor/timer_queue.h"

namespace tgt {

class BlockingPool;

// A piece of work for another shard, living in its owner's memory until it has run there.
struct PostedWork {
  void (*run)(PostedWork& self) = nullptr;
  PostedWork* next = nullptr;
};

// One thread's world: its loop, timers and pools. Everything here is for the shard's own thread, but for post(),
// stop() and index().
class Shard {
 public:
  struct Options {
    unsigned index = 0;
    std::size_t buffer_limit = std::size_t{256} << 20;  // bytes lent to commands at most
    Duration busy_poll = 0us;                           // after work, how long to look for more before sleeping
  };
  // The pool's end() comes before the end of the shard: its threads post to it.
  Shard(const Options& options, std::unique_ptr<Backend> backend, BlockingPool& blocking);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  unsigned index() const { return options_.index; }
  // The time at the start of this turn of the loop.
  TimePoint now() const { return now_; }
  // Turns of the loop so far: an idle shard makes none. Own thread only.
  std::uint64_t turns() const { return turns_; }
  BufferPool& buffers() { return buffers_; }
  Backend& backend() { return *backend_; }
  BlockingPool& blocking() { return blocking_; }
  TimerQueue& timers() { return timers_; }

  // Runs `work` on this shard's thread soon, after all that was posted before it by the same thread. From any thread.
  void post(PostedWork& work);
  // Runs `work` on this shard at the end of the current turn, before the next submission to the kernel: this is how
  // responses of one turn are gathered into one send. Own thread only.
  void at_end_of_turn(PostedWork& work);

  // The loop, until stop().
  void run();
  // One turn of the loop: due timers, posted work, completions. For tests, and for run(). False when nothing was done.
  bool turn(std::optional<TimePoint> until);
  // Ends run(). From any thread.
  void stop();

  struct Sleep;
  Sleep sleep(Duration duration);

 private:
  bool run_posted();
  bool run_end_of_turn();
  std::optional<TimePoint> next_wakeup(bool did_work);

  Options options_;
  std::unique_ptr<Backend> backend_;
  BlockingPool& blocking_;
  BufferPool buffers_;
  TimerQueue timers_;
  TimePoint now_;
  TimePoint busy_until_{};
  std::uint64_t turns_ = 0;
  std::atomic<PostedWork*> posted_{nullptr};
  PostedWork* end_of_turn_first_ = nullptr;
  PostedWork* end_of_turn_last_ = nullptr;
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopping_{false};
};

// Awaitable of Shard::sleep().
struct Shard::Sleep {
  Sleep(Shard& shard, Duration duration) : timer(shard, &Sleep::expired, this), duration(duration) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    task = waiting;
    timer.arm(duration);
  }
  void await_resume() const noexcept {}
  static void expired(void* self) { static_cast<Sleep*>(self)->task.resume(); }

  Timer timer;
  Duration duration;
  std::coroutine_handle<> task{};
};

inline Shard::Sleep Shard::sleep(Duration duration) { return Sleep(*this, duration); }

}  // namespace tgt
