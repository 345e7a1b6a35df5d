// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <set>

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
    if (!holders_.insert(&itl).second) return Change::none;
    return holders_.size() == 1 ? Change::first : Change::none;
  }
  Change allow(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    if (holders_.erase(&itl) == 0) return Change::none;
    return holders_.empty() ? Change::last : Change::none;
  }
  // A reset ends them all. True when there was one.
  bool clear() {
    const LockGuard lock(mutex_);
    const bool any = !holders_.empty();
    holders_.clear();
    return any;
  }
  bool any() const {
    const LockGuard lock(mutex_);
    return !holders_.empty();
  }

 private:
  mutable Mutex mutex_;
  std::set<const ItlNexus*> holders_;
};

}  // namespace tgt
