// SPDX-License-Identifier: Apache-2.0
#include "core/target_registry.h"

#include <algorithm>
#include <utility>

namespace tgt {

bool TargetRegistry::add(std::shared_ptr<Target> target) {
  const LockGuard lock(mutex_);
  const auto same_name = [&](const auto& entry) { return entry.second->name() == target->name(); };
  if (std::ranges::any_of(targets_, same_name)) return false;
  const TargetId tid = target->tid();
  return targets_.emplace(tid, std::move(target)).second;
}

std::shared_ptr<Target> TargetRegistry::find(TargetId tid) const {
  const LockGuard lock(mutex_);
  const auto entry = targets_.find(tid);
  return entry == targets_.end() ? nullptr : entry->second;
}

std::shared_ptr<Target> TargetRegistry::find(std::string_view name) const {
  const LockGuard lock(mutex_);
  for (const auto& [tid, target] : targets_) {
    if (target->name() == name) return target;
  }
  return nullptr;
}

void TargetRegistry::remove(TargetId tid) {
  std::shared_ptr<Target> removed;  // its end, if this is its end, comes after the lock
  const LockGuard lock(mutex_);
  const auto entry = targets_.find(tid);
  if (entry == targets_.end()) return;
  removed = std::move(entry->second);
  targets_.erase(entry);
  removed->refuse_logins();
}

std::vector<std::shared_ptr<Target>> TargetRegistry::list() const {
  const LockGuard lock(mutex_);
  std::vector<std::shared_ptr<Target>> all;
  for (const auto& [tid, target] : targets_) all.push_back(target);
  return all;
}

std::uint64_t TargetRegistry::next_nexus_id() {
  const LockGuard lock(mutex_);
  return ++last_nexus_id_;
}

bool TargetRegistry::online() const {
  const LockGuard lock(mutex_);
  return online_;
}

void TargetRegistry::set_online(bool online) {
  const LockGuard lock(mutex_);
  online_ = online;
}

}  // namespace tgt
