// SPDX-License-Identifier: Apache-2.0
#include "core/abort_sweep.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/every_shard.h"
#include "core/logical_unit.h"

namespace tgt {

AbortSweep::AbortSweep(Shard& here, const std::vector<Shard*>& shards, std::shared_ptr<LogicalUnit> unit,
                       TaskSet::Predicate which, AbortGroup::Until tasks_have)
    : here_(here), shards_(shards), unit_(std::move(unit)), which_(std::move(which)), tasks_have_(tasks_have) {
  std::size_t count = 0;
  for (const Shard* shard : shards_) count = std::max<std::size_t>(count, shard->index() + 1);
  groups_.resize(count);
}

AbortSweep::~AbortSweep() = default;

Task<void> AbortSweep::mark() {
  const auto mark_there = [this](Shard& shard) -> Task<void> {
    auto& group = groups_[shard.index()];
    group = std::make_unique<AbortGroup>(unit_, shard, tasks_have_);
    group->mark(which_);
    co_return;
  };
  co_await on_every_shard(here_, shards_, mark_there);
}

bool AbortSweep::found_any() const {
  return std::ranges::any_of(groups_, [](const auto& group) { return group != nullptr && group->found_any(); });
}

Task<bool> AbortSweep::wait(std::optional<TimePoint> until) {
  std::atomic<bool> all_ended{true};
  const auto wait_there = [this, until, &all_ended](Shard& shard) -> Task<void> {
    const bool ended = co_await groups_[shard.index()]->wait(until);
    if (!ended) all_ended.store(false);
  };
  co_await on_every_shard(here_, shards_, wait_there);
  co_return all_ended.load();
}

Task<void> AbortSweep::settle(AbortVerdict verdict, AbortGroup::Notice notice) {
  const auto settle_there = [this, verdict, &notice](Shard& shard) -> Task<void> {
    auto& group = groups_[shard.index()];
    group->settle(verdict, notice);
    group.reset();
    co_return;
  };
  co_await on_every_shard(here_, shards_, settle_there);
}

}  // namespace tgt
