// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <utility>

#include "reactor/event.h"
#include "reactor/task.h"

namespace tgt {

// Counts the users of an object on one shard, so that its owner can wait until the last one has gone before it
// destroys it. After close() nobody enters any more.
class Gate {
 public:
  class Pass {
   public:
    Pass() = default;
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        leave();
        gate_ = std::exchange(other.gate_, nullptr);
      }
      return *this;
    }
    ~Pass() { leave(); }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    void leave() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave();
    }
    Gate* gate_ = nullptr;
  };

  // An empty pass once the gate is closing.
  Pass enter() {
    if (closing_) return Pass();
    ++users_;
    return Pass(this);
  }
  std::size_t users() const { return users_; }
  bool closing() const { return closing_; }
  // Ends when the last user has left. May be awaited more than once.
  Task<void> close() {
    closing_ = true;
    if (users_ == 0) empty_.set();
    co_await empty_.wait();
  }

 private:
  void leave() {
    --users_;
    if (closing_ && users_ == 0) empty_.set();
  }
  std::size_t users_ = 0;
  bool closing_ = false;
  Event empty_;
};

}  // namespace tgt
