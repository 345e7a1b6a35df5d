// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "reactor/timer.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/target_parameters.h"

namespace tgt {

// Asks the initiator for a sign of life (NOP-In) again and again, and gives it up after so many questions without any.
// Anything that comes from it counts as one. No sign is missed while nothing is read, or while the initiator is still
// taking what was sent before the question.
class KeepAlive {
 public:
  class Owner {
   public:
    virtual bool reads_nothing() const = 0;
    // How much of the stream of bytes to the initiator it has taken.
    virtual std::uint64_t taken() const = 0;
    virtual void send_ping(std::uint32_t tag) = 0;
    virtual void peer_is_dead() = 0;

   protected:
    ~Owner() = default;
  };
  KeepAlive(Shard& shard, Owner& owner, const IscsiTargetParameters::KeepAlive& terms)
      : owner_(owner), terms_(terms), timer_(shard, &KeepAlive::expired, this) {}

  void start() {
    if (terms_.interval_seconds != 0) timer_.arm(std::chrono::seconds(terms_.interval_seconds));
  }
  void stop() { timer_.cancel(); }
  void heard() { unanswered_ = 0; }
  // The last ping is on its way; it ends there in the stream.
  void ping_sent(std::uint64_t end) { ping_end_ = end; }

 private:
  static void expired(void* self) { static_cast<KeepAlive*>(self)->tick(); }
  void tick() {
    const std::uint64_t taken = owner_.taken();
    const bool takes = taken != std::exchange(taken_, taken);
    const bool excused = owner_.reads_nothing() || (takes && unanswered_ != 0 && taken < ping_end_);
    if (std::exchange(was_excused_, excused) || excused) return start();
    if (unanswered_ >= std::max(terms_.count, 1u)) return owner_.peer_is_dead();
    start();
    ++unanswered_;
    ping_end_ = not_sent_yet;
    if (++last_tag_ == iscsi::reserved_tag) last_tag_ = 1;
    owner_.send_ping(last_tag_);
  }

  Owner& owner_;
  IscsiTargetParameters::KeepAlive terms_;
  Timer timer_;
  static constexpr std::uint64_t not_sent_yet = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t ping_end_ = 0;
  std::uint64_t taken_ = 0;   // at the last tick
  bool was_excused_ = false;  // at the last tick: it has a whole interval from now on
  std::uint32_t unanswered_ = 0;
  std::uint32_t last_tag_ = 0;
};

}  // namespace tgt
