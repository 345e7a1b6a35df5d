// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "reactor/time.h"
#include "reactor/timer.h"

namespace tgt {

// The armed timers of one shard, the next one first (a binary heap whose timers know their place in it).
class TimerQueue {
 public:
  void add(Timer& timer, TimePoint due);
  void remove(Timer& timer);
  std::optional<TimePoint> next_due() const;
  // Calls every timer that was due at `now`; true if there was one. Timers armed meanwhile wait for the next call.
  bool expire(TimePoint now);

 private:
  void sift_up(std::size_t position);
  void sift_down(std::size_t position);
  void place(std::size_t position, Timer* timer);
  static bool before(const Timer& a, const Timer& b);
  std::vector<Timer*> heap_;
  std::uint64_t next_order_ = 0;
  std::optional<TimePoint> expiring_;  // the `now` of the expire() that is running
};

}  // namespace tgt
