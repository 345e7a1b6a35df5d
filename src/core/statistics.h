// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

namespace tgt {

// Counters of one initiator on one logical unit. Written by the nexus's shard only, read by anybody.
struct Statistics {
  using Counter = std::atomic<std::uint64_t>;
  Counter read_submitted_bytes{0}, read_submitted_commands{0};
  Counter read_done_bytes{0}, read_done_commands{0};
  Counter write_submitted_bytes{0}, write_submitted_commands{0};
  Counter write_done_bytes{0}, write_done_commands{0};
  Counter errors{0};

  // Adds without a locked instruction: there is one writer.
  static void add(Counter& counter, std::uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
};

}  // namespace tgt
