// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/deferred_errors.h"

#include <algorithm>

#include "core/itl_nexus.h"

namespace tgt {
namespace {

using Writer = std::weak_ptr<const ItlNexus>;

// Without taking a share in it: its end belongs to its own shard.
bool is_same(const Writer& a, const Writer& b) { return !a.owner_before(b) && !b.owner_before(a); }
bool is_for(const Writer& writer, const ItlNexus& itl) {
  return writer.expired() || is_same(writer, itl.weak_from_this());
}

}  // namespace

void DeferredErrors::wrote(const ItlNexus& itl) {
  if (last_.load(std::memory_order_relaxed) == &itl) return;
  const LockGuard lock(mutex_);
  last_writer_ = itl.weak_from_this();
  last_.store(&itl, std::memory_order_relaxed);
}

bool DeferredErrors::keep(const SenseData& error, const ItlNexus* finder) {
  const LockGuard lock(mutex_);
  if (finder != nullptr && is_for(last_writer_, *finder)) return false;
  // One that tells no end of them.
  if (kept_.size() == most) return false;
  kept_.push_back({.writer = last_writer_, .error = error});
  any_.store(true, std::memory_order_release);
  return true;
}

std::optional<SenseData> DeferredErrors::take(const ItlNexus& itl) {
  const LockGuard lock(mutex_);
  const auto first = std::ranges::find_if(kept_, [&itl](const Kept& one) { return is_for(one.writer, itl); });
  if (first == kept_.end()) return std::nullopt;
  SenseData error = first->error;
  kept_.erase(first);
  any_.store(!kept_.empty(), std::memory_order_release);
  return error;
}

}  // namespace tgt
