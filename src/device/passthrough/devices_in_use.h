// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace tgt {

// Which real devices are logical units now. One device is one logical unit: two of them would each have reservations
// and a task set of their own, and their initiators would believe in both. From any shard.
class DevicesInUse {
 public:
  DevicesInUse();

  // A device is taken as long as this lives.
  class Hold {
   public:
    Hold() = default;
    ~Hold();
    Hold(Hold&&) = default;
    Hold& operator=(Hold&& other) noexcept;

   private:
    friend class DevicesInUse;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };

  // Takes the device that is known by these names (its address, its own name). The error is what the administrator
  // called the logical unit that has one of them: a second path to a device is the same device.
  Result<Hold, std::string> take(std::vector<std::string> names, const std::string& path);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tgt
