// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>

#include "reactor/timer.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/target_parameters.h"

namespace tgt {

// Asks the initiator for a sign of life (NOP-In) again and again, and gives it up after so many questions without any.
// Anything that comes from it counts as one.
class KeepAlive {
 public:
  class Owner {
   public:
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

 private:
  static void expired(void* self) { static_cast<KeepAlive*>(self)->tick(); }
  void tick() {
    if (unanswered_ >= std::max(terms_.count, 1u)) return owner_.peer_is_dead();
    start();
    ++unanswered_;
    if (++last_tag_ == iscsi::reserved_tag) last_tag_ = 1;
    owner_.send_ping(last_tag_);
  }

  Owner& owner_;
  IscsiTargetParameters::KeepAlive terms_;
  Timer timer_;
  std::uint32_t unanswered_ = 0;
  std::uint32_t last_tag_ = 0;
};

}  // namespace tgt
