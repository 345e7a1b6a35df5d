// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "reactor/shard.h"
#include "reactor/timer.h"

namespace tgt {

// Gives an initiator up that was asked for data and does not send it, whatever else it does. A write that waits for its
// data may hold up those that must not run beside it, of other initiators too (ORDERED tasks): a host that has crashed
// in the middle of a write must not stop a cluster until somebody misses its TCP connection.
//
// A link may be slow, and the data of many commands share it: so silence counts for the command that was asked first
// (the others may only have to wait for theirs), and the time for all of the data grows with all that is awaited.
class DataOutWatch {
 public:
  class Owner {
   public:
    // Nothing is read just now, so that no data could come.
    virtual bool reads_nothing() const = 0;
    virtual void data_out_stays_away() = 0;

   protected:
    ~Owner() = default;
  };
  // A command that waits for its data.
  struct Wait {
    std::uint32_t bytes = 0;
    TimePoint heard{};  // when some of it came last, or its turn came
    TimePoint due{};    // when all of it has to be here
  };
  // Between once and twice this time without any data ends the connection.
  static constexpr Duration patience = 10s;
  // So much is given for all of it, or more where that would ask for more than so many bytes a second.
  static constexpr Duration longest = 60s;
  static constexpr std::uint64_t slowest = std::uint64_t{64} << 10;

  DataOutWatch(Shard& shard, Owner& owner)
      : shard_(shard), owner_(owner), timer_(shard, &DataOutWatch::expired, this) {}

  // A command begins to wait for so many bytes; `wait` stays where it is until end().
  void begin(Wait& wait, std::uint32_t bytes) {
    awaited_ += bytes;
    const Duration fair = std::chrono::seconds(awaited_ / slowest);
    wait = {.bytes = bytes, .heard = shard_.now(), .due = shard_.now() + std::max(longest, fair)};
    waits_.push_back(&wait);
    if (!timer_.armed()) timer_.arm(patience);
  }
  void end(Wait& wait) {
    awaited_ -= wait.bytes;
    const bool was_first = waits_.front() == &wait;
    std::erase(waits_, &wait);
    if (was_first && !waits_.empty()) waits_.front()->heard = shard_.now();  // now it is the turn of that one
  }
  // Some of its data has come.
  void arrived(Wait& wait) const { wait.heard = shard_.now(); }
  void stop() { timer_.cancel(); }

 private:
  static void expired(void* self) { static_cast<DataOutWatch*>(self)->tick(); }
  void tick() {
    if (waits_.empty()) return;
    const TimePoint now = shard_.now();
    if (owner_.reads_nothing()) {
      for (Wait* wait : waits_) {
        wait->heard = now;
        wait->due += patience;
      }
    }
    const bool silent = now - waits_.front()->heard >= patience;
    const bool late = std::ranges::any_of(waits_, [now](const Wait* wait) { return now >= wait->due; });
    if (silent || late) return owner_.data_out_stays_away();
    timer_.arm(patience);
  }

  Shard& shard_;
  Owner& owner_;
  Timer timer_;
  std::vector<Wait*> waits_;  // in the order in which they were asked
  std::uint64_t awaited_ = 0;
};

}  // namespace tgt
