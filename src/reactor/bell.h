// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "reactor/event.h"
#include "reactor/mutex.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// Tells tasks of any shard that something has changed. Who waits makes a Waiter, then looks at the condition, then
// waits: so no change is missed between looking and waiting.
class Bell {
  struct Node : PostedWork {
    Node(Shard& on) : shard(on) {}
    Shard& shard;
    Event event;
    std::shared_ptr<Node> keep;  // while the message is under way
  };

 public:
  Bell() = default;
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Made, used and destroyed on `shard`.
  class Waiter {
   public:
    Waiter(Bell& bell, Shard& shard);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    // Ends when the bell has been rung since this waiter was made, or when the time has come.
    Task<void> rung(std::optional<TimePoint> until = std::nullopt);

   private:
    Bell& bell_;
    std::shared_ptr<Node> node_;
  };

  // From any shard.
  void ring();

 private:
  Mutex mutex_;
  std::vector<std::shared_ptr<Node>> waiting_;
};

}  // namespace tgt
