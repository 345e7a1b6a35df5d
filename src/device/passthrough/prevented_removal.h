// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>
#include <utility>

#include "core/device_server.h"
#include "reactor/mutex.h"

namespace tgt {

// Which initiators prevent the removal of the medium (SPC-6, PREVENT ALLOW MEDIUM REMOVAL): the device knows one, the
// host, and is told when the first begins and the last ends. From any shard.
class PreventedRemoval {
 public:
  enum class Change : std::uint8_t { none, first, last };

  Change prevent(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    const bool is_new = holders_.insert(&itl).second;
    const bool is_first = is_new && holders_.size() == 1;
    return is_first || std::exchange(doubted_, false) ? Change::first : Change::none;
  }
  Change allow(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    if (holders_.erase(&itl) == 0) return Change::none;
    return holders_.empty() ? Change::last : Change::none;
  }
  // Whether the medium stays held when this one allows it.
  bool others_hold(const ItlNexus& itl) const {
    const LockGuard lock(mutex_);
    return holders_.size() > holders_.count(&itl);
  }
  // A reset ends them all. True when there was one.
  bool clear() {
    const LockGuard lock(mutex_);
    const bool any = !holders_.empty();
    holders_.clear();
    doubted_ = false;
    return any;
  }
  // The device may have let go: it is told again when somebody prevents, and still when the last one allows.
  void doubt() {
    const LockGuard lock(mutex_);
    doubted_ = !holders_.empty();
  }
  bool any() const {
    const LockGuard lock(mutex_);
    return !holders_.empty();
  }

 private:
  mutable Mutex mutex_;
  std::set<const ItlNexus*> holders_;
  bool doubted_ = false;
};

}  // namespace tgt
