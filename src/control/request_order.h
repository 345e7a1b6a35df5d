// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "reactor/event.h"
#include "reactor/task.h"

namespace tgt {

// Lets the requests that change one target pass one after the other, in the order they came, while those of other
// targets go on: a removal that waits for its commands never meets a new unit of the same target half-way. On one
// shard.
class RequestOrder {
 public:
  class Turn {
   public:
    Turn() = default;
    Turn(RequestOrder& order, std::int64_t key) : order_(&order), key_(key) {}
    Turn(Turn&& other) noexcept : order_(std::exchange(other.order_, nullptr)), key_(other.key_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (order_ != nullptr) order_->leave(key_);
    }

   private:
    RequestOrder* order_ = nullptr;
    std::int64_t key_ = 0;
  };

  // Ends when it is the caller's turn, which lasts as long as the Turn does.
  Task<Turn> wait(std::int64_t key);

 private:
  void leave(std::int64_t key);

  // A key is there while somebody has its turn; the events are of those who wait.
  std::map<std::int64_t, std::deque<Event*>> waiting_;
};

}  // namespace tgt
