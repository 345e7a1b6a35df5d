// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "reactor/blocking_pool.h"
#include "reactor/shard.h"
#include "reactor/simulated_system.h"

namespace tgt {

// Shards without threads for tests: the test's own thread gives each of them a turn, in an order that the seed decides,
// and moves the clock when nothing else is left to do. The same seed gives the same run. Work for the blocking pool is
// done on the spot.
class SimulatedReactor {
 public:
  struct Options {
    unsigned shards = 1;
    std::size_t buffer_limit = std::size_t{64} << 20;
    SimulatedSystem::Options system{};
  };
  explicit SimulatedReactor(const Options& options);
  explicit SimulatedReactor(std::uint64_t seed = 1) : SimulatedReactor(Options{.system = {.seed = seed}}) {}

  unsigned shard_count() const { return static_cast<unsigned>(shards_.size()); }
  Shard& shard(unsigned index = 0) { return *shards_[index]; }
  SimulatedSystem& system() { return system_; }
  BlockingPool& blocking() { return blocking_; }

  // Until the task, started on shard 0, has ended. False: it never will (nothing is ready and no timer runs), or it
  // took more than `most` of the simulated time.
  bool run(Task<void> task, Duration most = std::chrono::hours(1));
  bool run_until(const std::function<bool()>& done, Duration most = std::chrono::hours(1));
  // Until nothing is left to do at this time.
  void settle();
  // Lets time pass, timer by timer.
  void advance(Duration by);

 private:
  bool turn_all();
  std::optional<TimePoint> next_due();

  SimulatedSystem system_;
  BlockingPool blocking_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace tgt
