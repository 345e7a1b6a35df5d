// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <unordered_set>

#include "reactor/mutex.h"

namespace tgt {

class ItlNexus;

// Which initiators do not want the medium to be taken out (SPC-6, PREVENT ALLOW MEDIUM REMOVAL). From any shard.
class MediumRemoval {
 public:
  void prevent(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    preventing_.insert(&itl);
  }
  // Also when the nexus is lost.
  void allow(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    preventing_.erase(&itl);
  }
  // A reset ends what every initiator wanted.
  void allow_all() {
    const LockGuard lock(mutex_);
    preventing_.clear();
  }
  // Clears `is_in` unless somebody prevents that: false. Who prevents it afterwards does so with nothing in.
  bool take_out(std::atomic<bool>& is_in) {
    const LockGuard lock(mutex_);
    if (!preventing_.empty()) return false;
    is_in = false;
    return true;
  }
  bool prevented() const {
    const LockGuard lock(mutex_);
    return !preventing_.empty();
  }

 private:
  mutable Mutex mutex_;
  std::unordered_set<const ItlNexus*> preventing_;
};

}  // namespace tgt
