// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "reactor/mutex.h"
#include "reactor/shard.h"

namespace tgt {

// What the log pages of a disk count. Every shard counts in a cache line of its own; who asks adds them up.
class MediumCounters {
 public:
  struct Totals {
    std::uint64_t commands = 0;
    std::uint64_t blocks = 0;
    std::uint64_t microseconds = 0;  // from the first look at the store to the last
    std::uint64_t uncorrected_errors = 0;
  };
  enum class Kind : std::uint8_t { read, write, verify };

  // One command of that kind has moved that many blocks.
  void count(Kind kind, Shard& shard, std::uint64_t blocks, TimePoint began) {
    OfKind& mine = of_shard_[shard.index() % most_shards].of_kind[static_cast<unsigned>(kind)];
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(shard.now() - began);
    mine.commands.fetch_add(1, std::memory_order_relaxed);
    mine.blocks.fetch_add(blocks, std::memory_order_relaxed);
    mine.microseconds.fetch_add(static_cast<std::uint64_t>(time.count()), std::memory_order_relaxed);
  }
  // The medium did not do it.
  void count_error(Kind kind) { errors_[static_cast<unsigned>(kind)].fetch_add(1, std::memory_order_relaxed); }

  // Which log page looks; each is set back on its own.
  enum class View : std::uint8_t { write_errors, read_errors, verify_errors, performance };
  Totals totals(Kind kind, View view) const;
  void reset(View view);

 private:
  static constexpr std::size_t most_shards = 32;  // more share a line, which costs time and nothing else
  static constexpr std::size_t kinds = 3;
  static constexpr std::size_t views = 4;
  struct OfKind {
    std::atomic<std::uint64_t> commands{0};
    std::atomic<std::uint64_t> blocks{0};
    std::atomic<std::uint64_t> microseconds{0};
  };
  struct alignas(64) OfShard {
    std::array<OfKind, kinds> of_kind;
  };
  Totals since_the_beginning(std::size_t kind) const;

  std::array<OfShard, most_shards> of_shard_{};
  std::array<std::atomic<std::uint64_t>, kinds> errors_{};
  mutable Mutex mutex_;
  std::array<std::array<Totals, kinds>, views> began_{};  // where each view began to count
};

}  // namespace tgt
