// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/foreign_attentions.h"

#include <algorithm>

namespace tgt {
namespace {

Sense condition_of(HostNotice notice) {
  switch (notice) {
    case HostNotice::power_on_or_reset:
    case HostNotice::some_lost:
      return Sense::power_on_or_reset();
    case HostNotice::medium_changed:
      return Sense::medium_may_have_changed();
    case HostNotice::capacity_changed:
      return Sense::capacity_data_changed();
    case HostNotice::mode_parameters_changed:
      return Sense::mode_parameters_changed();
    case HostNotice::inquiry_data_changed:
      return Sense::inquiry_data_changed();
  }
  return Sense::power_on_or_reset();
}

constexpr std::array all_notices{HostNotice::power_on_or_reset,    HostNotice::medium_changed,
                                 HostNotice::capacity_changed,     HostNotice::mode_parameters_changed,
                                 HostNotice::inquiry_data_changed, HostNotice::some_lost};
static_assert(all_notices.size() == host_notice_kinds);

bool is_near(TimePoint notice, TimePoint ours) {
  return ours > notice - ForeignAttentions::belongs_together && ours < notice + ForeignAttentions::belongs_together;
}

}  // namespace

ForeignAttentions::ForeignAttentions(const HostNotices* notices, TimePoint now) : notices_(notices) {
  for (Times& times : times_) times.ours.store(now.time_since_epoch().count());
  if (notices_ == nullptr) return;
  looked_at_.store(notices_->count());
  for (const HostNotice notice : all_notices) {
    times_[static_cast<std::size_t>(notice)].handled.store(notices_->latest(notice).time_since_epoch().count());
  }
}

void ForeignAttentions::met(const Sense& condition, TimePoint began, TimePoint now) {
  for (const HostNotice notice : all_notices) {
    // A reset has many qualifiers (29/00 to 29/07); the kernel has one word for them.
    if (condition_of(notice).additional.code != condition.additional.code) continue;
    Times& times = times_[static_cast<std::size_t>(notice)];
    // What came since, or belongs to the one before, is settled before that one is forgotten.
    const TimePoint latest = notices_ == nullptr ? TimePoint() : notices_->latest(notice);
    const bool is_of_this = latest > began - belongs_together;
    if (is_of_this || is_near(latest, TimePoint(Duration(times.ours.load(std::memory_order_acquire))))) {
      times.handled.store(latest.time_since_epoch().count(), std::memory_order_release);
    }
    times.ours.store(now.time_since_epoch().count(), std::memory_order_release);
  }
}

void ForeignAttentions::owe(const Sense& condition) {
  const LockGuard lock(mutex_);
  if (std::ranges::find(owed_, condition) == owed_.end()) owed_.push_back(condition);
  owes_.store(true, std::memory_order_release);
}

std::optional<Sense> ForeignAttentions::take_owed() {
  if (!owes_.load(std::memory_order_acquire)) return std::nullopt;
  const LockGuard lock(mutex_);
  if (owed_.empty()) return std::nullopt;
  const Sense first = owed_.front();
  owed_.erase(owed_.begin());
  owes_.store(!owed_.empty(), std::memory_order_release);
  return first;
}

bool ForeignAttentions::is_undecided(HostNotice notice, TimePoint now) const {
  const Times& times = times_[static_cast<std::size_t>(notice)];
  const TimePoint latest = notices_->latest(notice);
  if (latest.time_since_epoch().count() == times.handled.load(std::memory_order_acquire)) return false;
  const TimePoint ours{Duration(times.ours.load(std::memory_order_acquire))};
  return !is_near(latest, ours) && now < latest + settling;
}

std::optional<TimePoint> ForeignAttentions::undecided_until(TimePoint now) const {
  if (!has_unseen_notices()) return std::nullopt;
  std::optional<TimePoint> until;
  for (const HostNotice notice : all_notices) {
    if (is_undecided(notice, now)) until = std::max(until.value_or(TimePoint()), notices_->latest(notice) + settling);
  }
  return until;
}

std::optional<ForeignAttentions::Told> ForeignAttentions::take(TimePoint now) {
  const auto owed = take_owed();
  if (owed) return Told{.condition = *owed};
  if (!has_unseen_notices()) return std::nullopt;
  const std::uint32_t count = notices_->count();
  bool all_handled = true;
  for (const HostNotice notice : all_notices) {
    if (is_undecided(notice, now)) {
      all_handled = false;
      continue;
    }
    Times& times = times_[static_cast<std::size_t>(notice)];
    const TimePoint latest = notices_->latest(notice);
    auto handled = times.handled.load(std::memory_order_acquire);
    if (latest.time_since_epoch().count() == handled) continue;
    const bool is_ours = is_near(latest, TimePoint(Duration(times.ours.load(std::memory_order_acquire))));
    // Whoever wins this tells it, once.
    const bool mine = times.handled.compare_exchange_strong(handled, latest.time_since_epoch().count());
    if (mine && !is_ours) return Told{.condition = condition_of(notice), .is_certain = notice != HostNotice::some_lost};
  }
  if (all_handled) looked_at_.store(count, std::memory_order_relaxed);
  return std::nullopt;
}

}  // namespace tgt
