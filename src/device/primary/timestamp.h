// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

#include "reactor/mutex.h"
#include "reactor/time.h"

namespace tgt {

// A logical unit's clock, in milliseconds since 1970 (SPC-6, 5.17): the system's, until an initiator sets another.
// From any shard.
class DeviceTimestamp {
 public:
  enum class Origin : std::uint8_t { set_by_initiator = 0x02, outside_the_standard = 0x03 };
  struct Reading {
    std::uint64_t milliseconds = 0;
    Origin origin = Origin::outside_the_standard;
  };
  Reading read(TimePoint now) const {
    using std::chrono::milliseconds;
    const LockGuard lock(mutex_);
    if (!set_) {
      const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
      return {static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(since_1970).count())};
    }
    const auto passed = std::chrono::duration_cast<milliseconds>(now - set_->at).count();
    return {set_->milliseconds + static_cast<std::uint64_t>(passed), Origin::set_by_initiator};
  }
  void set(std::uint64_t milliseconds, TimePoint now) {
    const LockGuard lock(mutex_);
    set_ = Set{milliseconds, now};
  }

 private:
  struct Set {
    std::uint64_t milliseconds;
    TimePoint at;
  };
  mutable Mutex mutex_;
  std::optional<Set> set_;
};

}  // namespace tgt
