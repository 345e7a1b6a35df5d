// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "reactor/mutex.h"
#include "reactor/shard.h"
#include "scsi/mode.h"
#include "scsi/sense.h"
#include "store/block_store.h"

namespace tgt {

class Command;
class Disk;

// What space a thin disk takes and what is left for it, and the thresholds at which initiators want to hear of it
// (SBC-4, 4.7.3.7). From any shard. Without a threshold a write reads one word; with one the store is asked when so
// much has been written that it may have been reached, and once a second while writes go on, because others take space
// too.
class ThinSpace {
 public:
  static constexpr Duration between_looks = std::chrono::seconds(1);

  // The thresholds of the mode page, as they are now; the page is empty where there is none.
  void set_thresholds(Bytes page, unsigned set_exponent);

  bool watched() const { return watched_.load(std::memory_order_relaxed); }
  // After a command has written something, while watched(). Who has reached a threshold hears of it with the next
  // command.
  Task<void> after_write(Disk& disk, Command& command, std::uint64_t bytes);
  // Something was unmapped: the next write looks.
  void look_soon() { look_after_.store(0, std::memory_order_relaxed); }

  // Asks the store; false when it does not know just now.
  Task<bool> refresh(const BlockStore& store, Shard& shard);
  // As it was when the store was last asked.
  BlockStore::Space last_seen() const;

  // THRESHOLD EXPONENT: the blocks of a threshold set, as a power of two. A set has at least 1 MiB, and 32 bits count
  // those of the whole disk.
  static std::uint8_t exponent(BlockCount capacity, BlockSize block_size);

 private:
  struct Threshold {
    mode::ThresholdDescriptor descriptor{};
    bool told = false;
  };
  // Has it been reached, or how many bytes are left until it is?
  struct Distance {
    bool reached = false;
    bool armed_again = false;
    std::uint64_t left = 0;
  };
  Distance distance_to(const Threshold& threshold, const BlockStore::Space& space) const;
  // What every nexus is to be told.
  std::vector<Sense> look(TimePoint now);
  bool is_due(std::uint64_t bytes, TimePoint now);

  mutable Mutex mutex_;
  BlockStore::Space space_{};
  std::array<Threshold, 2> thresholds_{};
  unsigned set_exponent_ = 20;  // of bytes
  std::atomic<bool> watched_{false};
  std::atomic<bool> looking_{false};
  std::atomic<std::uint64_t> written_{0};     // bytes since the last look
  std::atomic<std::uint64_t> look_after_{0};  // so many of them
  std::atomic<TimePoint> last_look_{TimePoint{}};
};

}  // namespace tgt
