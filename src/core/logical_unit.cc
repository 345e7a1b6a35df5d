// SPDX-License-Identifier: Apache-2.0
#include "core/logical_unit.h"

#include <utility>

#include "core/every_shard.h"

namespace tgt {
namespace {

constexpr Duration between_looks = 5ms;

}  // namespace

LogicalUnit::LogicalUnit(std::unique_ptr<DeviceServer> device, std::vector<Shard*> shards)
    : device_(std::move(device)), shards_(std::move(shards)), task_set_(*this, shards_), reservations_(*this) {}

LogicalUnit::~LogicalUnit() = default;

void LogicalUnit::attach(ItlNexus& itl) {
  unit_attentions_.attach(itl);
  task_set_.attach(itl);
  reservations_.attach(itl);
}

void LogicalUnit::detach(ItlNexus& itl) {
  reservations_.detach(itl);
  task_set_.detach(itl);
  unit_attentions_.detach(itl);
}

void LogicalUnit::nexus_lost(ItlNexus& itl) {
  reservations_.nexus_lost(itl);
  device_->nexus_lost(itl);
}

void LogicalUnit::was_reset(const Sense& condition) {
  begin_generation();
  reservations_.was_reset();
  unit_attentions_.establish(condition);
}

void LogicalUnit::medium_changed() {
  begin_generation();
  unit_attentions_.establish(Sense::medium_may_have_changed());
}

Task<bool> LogicalUnit::has_begun_tasks(Shard& shard) {
  std::atomic<bool> found{false};
  const auto look = [&](Shard& there) -> Task<void> {
    if (task_set_.any_on(there, [](const Command& command) { return command.has_begun(); })) found.store(true);
    co_return;
  };
  co_await on_every_shard(shard, shards_, look);
  co_return found.load();
}

Task<bool> LogicalUnit::wait_until_idle(Shard& shard, Duration longest) {
  const TimePoint deadline = shard.now() + longest;
  for (;;) {
    const bool active = co_await has_begun_tasks(shard);
    if (!active) co_return true;
    if (shard.now() >= deadline) co_return false;
    co_await shard.sleep(between_looks);
  }
}

void LogicalUnit::reset_ends() {
  if (resets_.fetch_sub(1) == 1) no_reset_.ring();
}

Task<void> LogicalUnit::wait_until_no_reset(Shard& shard) {
  for (;;) {
    Bell::Waiter waiter(no_reset_, shard);
    if (resets_.load() == 0) co_return;
    co_await waiter.rung();
  }
}

}  // namespace tgt
