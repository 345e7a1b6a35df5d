// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <optional>
#include <vector>

#include "core/unit_attentions.h"
#include "initiator/host_notices.h"
#include "reactor/mutex.h"

namespace tgt {

// Unit attentions of the device that none of our initiators' commands brought: somebody else on this host took them (a
// driver, or the kernel's error handling), or a command of our own did. Our initiators hear of them from here. The
// kernel tells of those that our own commands brought, too; they are told apart by when they happened, because it puts
// several into one notice. From any shard.
class ForeignAttentions {
 public:
  // How long after the event the kernel's notice of it may come, and the other way round.
  static constexpr Duration belongs_together = 2s;
  // So long our own command's answer may be behind the notice.
  static constexpr Duration settling = 250ms;

  // `notices` may be null. What happened until now is over.
  ForeignAttentions(const HostNotices* notices, TimePoint now);

  // One of our commands brought this condition just now.
  void met(const Sense& condition, TimePoint now) { met(condition, now, now); }
  // A reset of ours did, which began then and has ended now.
  void met(const Sense& condition, TimePoint began, TimePoint now);
  // One that a command of nobody's met: the initiators do not know it yet.
  void owe(const Sense& condition);
  // Whether there is anything new to look at: a load or two.
  bool pending() const { return owes_.load(std::memory_order_acquire) || has_unseen_notices(); }
  // A condition that every initiator is to be told.
  struct Told {
    Sense condition;
    bool is_certain = true;  // else it only may have been: the notices of what happened were lost
  };
  // Nothing when there is none, or it is too early to say.
  std::optional<Told> take(TimePoint now);
  // When it is not too early any more; nothing when it is not now.
  std::optional<TimePoint> undecided_until(TimePoint now) const;
  // Whether the kernel's notices come at all.
  bool listens() const { return notices_ != nullptr; }

 private:
  const HostNotices* notices_;
  std::atomic<std::uint32_t> looked_at_{0};
  struct Times {
    std::atomic<Duration::rep> ours{0};     // when we met one ourselves
    std::atomic<Duration::rep> handled{0};  // the notice that has been looked at
  };
  bool has_unseen_notices() const {
    return notices_ != nullptr && notices_->count() != looked_at_.load(std::memory_order_relaxed);
  }
  std::optional<Sense> take_owed();
  // Whether the latest notice of this kind has not been looked at, and cannot be yet.
  bool is_undecided(HostNotice notice, TimePoint now) const;

  std::array<Times, host_notice_kinds> times_;
  Mutex mutex_;
  std::vector<Sense> owed_;
  std::atomic<bool> owes_{false};
};

}  // namespace tgt
