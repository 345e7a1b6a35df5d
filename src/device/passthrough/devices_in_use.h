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

    // Takes it by the name, too, that it turns out to have: a second path to a device is the same device. The error as
    // of take().
    Result<void, std::string> take_too(const std::string& name);

   private:
    friend class DevicesInUse;
    struct Entry;
    std::shared_ptr<Entry> entry_;
  };

  // Takes the device at this address. The error is what the administrator called the logical unit that has it.
  Result<Hold, std::string> take(const std::string& address, const std::string& path);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tgt
