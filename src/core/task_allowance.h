// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tgt {

// How many tasks a logical unit accepts at once, over all shards. A shard takes places from the common stock in
// batches and keeps them for its next tasks, so that a busy shard seldom touches what others write. The limit is never
// exceeded; with a small limit (fewer than 16 places a shard) the batch is one place and the limit is exact.
class TaskAllowance {
 public:
  explicit TaskAllowance(std::size_t shard_count) : shard_count_(static_cast<std::uint32_t>(shard_count)) {}

  // What one shard holds; touched by that shard only.
  struct Stock {
    std::uint32_t free = 0;
    std::uint32_t batch = 1;
  };

  // `limit` is the same at every call. False: no place is left.
  template <class LimitFunction>
  bool take(Stock& stock, LimitFunction limit) {
    if (stock.free == 0 && !refill(stock, std::max<std::uint32_t>(limit(), 1))) return false;
    --stock.free;
    return true;
  }
  void give_back(Stock& stock) {
    ++stock.free;
    if (stock.free < 2 * stock.batch && stock.batch != 1) return;
    stock.free -= stock.batch;
    taken_.fetch_sub(stock.batch, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t largest_batch = 64;

  bool refill(Stock& stock, std::uint32_t limit) {
    stock.batch = std::clamp<std::uint32_t>(limit / (16 * shard_count_), 1, largest_batch);
    std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    std::uint32_t granted = 0;
    do {
      if (taken >= limit) return false;
      granted = std::min(stock.batch, limit - taken);
    } while (!taken_.compare_exchange_weak(taken, taken + granted, std::memory_order_relaxed));
    stock.free += granted;
    return true;
  }

  std::uint32_t shard_count_;
  std::atomic<std::uint32_t> taken_{0};
};

}  // namespace tgt
