// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "reactor/shard.h"
#include "reactor/timer.h"

namespace tgt {

// Gives an initiator up that was asked for data and does not send it. A write that waits for its data may hold up those
// that must not run beside it, of other initiators too (ORDERED tasks): a host that has crashed in the middle of a
// write must not stop a cluster until somebody misses its TCP connection.
//
// A link may be slow, and much may come before the data: what was sent to the initiator before it was asked, the data
// of other commands, and new commands with theirs, which initiators may prefer to what they are asked for. So it is
// given up at once only when it sends nothing of all that; and the time for all of the data grows with whatever else
// comes, but not for ever.
class DataOutWatch {
 public:
  class Owner {
   public:
    // Nothing is read just now, so that no data could come.
    virtual bool reads_nothing() const = 0;
    // How much of the stream of bytes to the initiator it has taken.
    virtual std::uint64_t taken() const = 0;
    virtual void data_out_stays_away() = 0;

   protected:
    ~Owner() = default;
  };
  // A command that waits for its data.
  struct Wait {
    std::uint32_t bytes = 0;
    TimePoint due{};                    // when all of it has to be here, if nothing else comes
    std::uint64_t received_before = 0;  // of the connection, when it began
    std::uint64_t asked_at = 0;         // where in the stream to the initiator its last R2T ends; 0: it needs none
  };
  static constexpr std::uint64_t not_sent_yet = std::numeric_limits<std::uint64_t>::max();
  // Between once and twice this time without anything ends the connection.
  static constexpr Duration patience = 10s;
  // So much is given for all of it, or more where that would ask for more than so many bytes a second.
  static constexpr Duration longest = 60s;
  static constexpr std::uint64_t slowest = std::uint64_t{64} << 10;
  // More than this is not given for what else comes.
  static constexpr Duration longest_for_others = 240s;

  DataOutWatch(Shard& shard, Owner& owner)
      : shard_(shard), owner_(owner), timer_(shard, &DataOutWatch::expired, this) {}

  // A command begins to wait for so many bytes; `wait` stays where it is until end().
  void begin(Wait& wait, std::uint32_t bytes) {
    awaited_ += bytes;
    wait.bytes = bytes;
    wait.due = shard_.now() + std::max(longest, time_for(awaited_));
    wait.received_before = received_;
    waits_.push_back(&wait);
    heard_ = true;
    if (timer_.armed()) return;
    taken_ = owner_.taken();
    timer_.arm(patience);
  }
  void end(Wait& wait) {
    awaited_ -= wait.bytes;
    if (waits_.front() == &wait) heard_ = true;  // now it is the turn of the next one
    std::erase(waits_, &wait);
  }
  // A part of a command or of Data-Out, of whatever task, has come ...
  void heard() { heard_ = true; }
  // ... and now all of that PDU, of so many bytes.
  void received(std::uint32_t bytes) {
    heard_ = true;
    received_ += bytes;
  }
  void stop() { timer_.cancel(); }

 private:
  static Duration time_for(std::uint64_t bytes) { return std::chrono::seconds(bytes / slowest); }
  static void expired(void* self) { static_cast<DataOutWatch*>(self)->tick(); }
  void tick() {
    if (waits_.empty()) return;
    const Duration excused = time_without_asking();
    for (Wait* wait : waits_) wait->due += excused;
    const bool is_excused = excused != Duration::zero();
    const bool silent = !is_excused && !heard_;
    heard_ = is_excused;  // then it has all of its time from now on
    const bool late = std::ranges::any_of(waits_, [this](const Wait* wait) { return is_late(*wait); });
    if (silent || late) return owner_.data_out_stays_away();
    timer_.arm(patience);
  }
  // How much of the time since the last tick went by in which the initiator could not send the data, or did not know
  // yet that it is asked for it because it was still taking what had been sent before.
  Duration time_without_asking() {
    const std::uint64_t taken = owner_.taken();
    const std::uint64_t moved = taken - std::exchange(taken_, taken);
    if (owner_.reads_nothing()) return patience;
    if (taken >= waits_.front()->asked_at || moved == 0) return Duration::zero();
    return std::clamp<Duration>(time_for(moved), 1s, patience);
  }
  bool is_late(const Wait& wait) const {
    const Duration for_others = std::min(longest_for_others, time_for(received_ - wait.received_before));
    return shard_.now() >= wait.due + for_others;
  }

  Shard& shard_;
  Owner& owner_;
  Timer timer_;
  std::vector<Wait*> waits_;  // in the order in which they were asked
  std::uint64_t awaited_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t taken_ = 0;  // at the last tick
  bool heard_ = false;       // since then
};

}  // namespace tgt
