// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include "reactor/time.h"

namespace tgt {

class Shard;

// Calls back once on its shard at a time, unless cancelled first. Resolution 1 ms; never early.
// Arming an armed timer moves it. Destroying it cancels it.
class Timer {
 public:
  // `expired(context)` runs on the shard's loop, not inside arm().
  using Callback = void (*)(void* context);
  Timer(Shard& shard, Callback expired, void* context) : shard_(shard), expired_(expired), context_(context) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void arm(Duration from_now);
  void arm_at(TimePoint due);
  void cancel();
  bool armed() const { return position_ != not_armed; }

 private:
  friend class TimerQueue;
  static constexpr std::size_t not_armed = ~std::size_t{0};
  Shard& shard_;
  Callback expired_;
  void* context_;
  TimePoint due_{};
  std::uint64_t order_ = 0;           // of arming, between timers that are due at the same time
  std::size_t position_ = not_armed;  // TimerQueue's
};

}  // namespace tgt
