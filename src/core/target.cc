// SPDX-License-Identifier: Apache-2.0
#include "core/target.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/abort_group.h"
#include "core/every_shard.h"
#include "core/itl_nexus.h"

namespace tgt {

Target::Target(TargetId tid, std::string name, std::string driver, std::vector<Shard*> shards)
    : tid_(tid), name_(std::move(name)), driver_(std::move(driver)), shards_(std::move(shards)) {}

Target::~Target() = default;

Target::State Target::state() const {
  const LockGuard lock(mutex_);
  return state_;
}

void Target::set_state(State state) {
  const LockGuard lock(mutex_);
  state_ = state;
}

void Target::refuse_logins() {
  const LockGuard lock(mutex_);
  removed_ = true;
}

void Target::set_ports(std::vector<std::uint16_t> ports) {
  const LockGuard lock(mutex_);
  ports_ = std::move(ports);
}

bool Target::has_port(std::uint16_t relative_target_port) const {
  const LockGuard lock(mutex_);
  return std::ranges::find(ports_, relative_target_port) != ports_.end();
}

std::vector<std::uint16_t> Target::ports() const {
  const LockGuard lock(mutex_);
  return ports_;
}

bool Target::map(Lun lun, std::shared_ptr<LogicalUnit> unit) {
  const LogicalUnit* const mapped = unit.get();
  {
    const LockGuard lock(mutex_);
    const auto [entry, is_new] = units_.try_emplace(lun.number, std::move(unit));
    if (!is_new) return false;
    entry->second->mapped();
  }
  tell_of_changed_luns(mapped);
  return true;
}

std::shared_ptr<LogicalUnit> Target::find(Lun lun) const {
  const LockGuard lock(mutex_);
  const auto entry = units_.find(lun.number);
  return entry == units_.end() ? nullptr : entry->second;
}

std::vector<std::pair<Lun, std::shared_ptr<LogicalUnit>>> Target::logical_units() const {
  const LockGuard lock(mutex_);
  std::vector<std::pair<Lun, std::shared_ptr<LogicalUnit>>> all;
  for (const auto& [number, unit] : units_) all.emplace_back(Lun{number}, unit);
  return all;
}

void Target::tell_of_changed_luns(const LogicalUnit* except) {
  const auto is_ours = [this](const ItlNexus& itl) { return &itl.nexus().target() == this; };
  for (const auto& [lun, unit] : logical_units()) {
    if (unit.get() != except) {
      unit->unit_attentions().establish_where(is_ours, Sense::reported_luns_data_changed());
    }
  }
}

Task<bool> Target::any_task(Shard& shard, const std::shared_ptr<LogicalUnit>& unit) const {
  std::atomic<bool> found{false};
  const auto is_ours = [this](const Command& command) { return &command.nexus().target() == this; };
  const auto look = [&](Shard& there) -> Task<void> {
    if (unit->task_set().any_on(there, is_ours)) found.store(true);
    co_return;
  };
  co_await on_every_shard(shard, shards_, look);
  co_return found.load();
}

// What begins no more while the unit is frozen arrives all the same; its initiator has to hear that the unit is gone.
Task<void> Target::end_tasks(Shard& shard, std::shared_ptr<LogicalUnit> unit, WhenActive when_active) {
  const auto is_ours = [this](const Command& command) { return &command.nexus().target() == this; };
  const auto end_there = [&](Shard& there) -> Task<void> {
    AbortGroup group(unit, there, AbortGroup::Until::left);
    when_active == WhenActive::refuse ? group.watch(is_ours) : group.mark(is_ours);
    unit->task_set().forget_nexuses_on(there, *this);
    co_await group.wait(std::nullopt);
  };
  co_await on_every_shard(shard, shards_, end_there);
}

Task<Target::Removal> Target::unmap(Shard& shard, Lun lun, WhenActive when_active) {
  const std::shared_ptr<LogicalUnit> unit = find(lun);
  if (unit == nullptr) co_return Removal::not_found;
  if (when_active == WhenActive::refuse) {
    unit->task_set().freeze();  // so that none begins between looking and taking the unit away
    const bool active = co_await any_task(shard, unit);
    if (active) {
      unit->task_set().thaw();
      co_return Removal::active;
    }
  }
  bool taken = false;
  {
    const LockGuard lock(mutex_);
    const auto entry = units_.find(lun.number);
    taken = entry != units_.end() && entry->second == unit;  // another may have been faster
    if (taken) {
      units_.erase(entry);
      unit->unmapped();
    }
  }
  if (taken) unit->task_set().mark_removed(*this);
  if (when_active == WhenActive::refuse) unit->task_set().thaw();
  if (!taken) co_return Removal::not_found;
  tell_of_changed_luns(nullptr);
  co_await end_tasks(shard, unit, when_active);
  if (unit->left()) {
    co_await unit->wait_until_no_reset(shard);
    co_await unit->device().close(shard);
    // Somebody may hold the unit longer (a copy between others), but what it kept is for the next one of its name.
    unit->reservations().leave_store();
  }
  co_return Removal::done;
}

}  // namespace tgt
