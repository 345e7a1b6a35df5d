// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <utility>

#include "reactor/bell.h"
#include "reactor/mutex.h"

namespace tgt {

// As Gate, for users of every shard; and it may be opened again.
class SharedGate {
 public:
  class Pass {
   public:
    explicit Pass(SharedGate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    SharedGate* gate_;
  };

  // An empty pass while the gate is closed.
  Pass enter() {
    const LockGuard lock(mutex_);
    if (closed_) return Pass(nullptr);
    ++users_;
    return Pass(this);
  }
  // Closes it unless somebody is within.
  bool try_close() {
    const LockGuard lock(mutex_);
    if (users_ == 0) closed_ = true;
    return users_ == 0;
  }
  // Closes it, and ends when the last user has left.
  Task<void> close(Shard& shard) {
    for (;;) {
      Bell::Waiter waiter(left_, shard);
      if (close_and_look()) co_return;
      co_await waiter.rung();
    }
  }
  void open() {
    const LockGuard lock(mutex_);
    closed_ = false;
  }

 private:
  // Nobody is within.
  bool close_and_look() {
    const LockGuard lock(mutex_);
    closed_ = true;
    return users_ == 0;
  }
  // Rings under the lock: whoever finds the last user gone may destroy the gate.
  void leave() {
    const LockGuard lock(mutex_);
    --users_;
    if (users_ == 0) left_.ring();
  }

  Mutex mutex_;
  Bell left_;
  std::size_t users_ = 0;
  bool closed_ = false;
};

}  // namespace tgt
