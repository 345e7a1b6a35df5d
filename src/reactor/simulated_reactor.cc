// SPDX-License-Identifier: Apache-2.0
#include "reactor/simulated_reactor.h"

#include <algorithm>
#include <numeric>

#include "reactor/simulated_backend.h"

namespace tgt {
namespace {

// Chance may put off what is ready; so many turns of all shards in which nothing happened mean that nothing is.
constexpr int quiet_turns = 64;

// The flag outlives whoever gave up waiting for the task.
Task<void> watched(Task<void> task, std::shared_ptr<bool> ended) {
  co_await std::move(task);
  *ended = true;
}

}  // namespace

SimulatedReactor::SimulatedReactor(const Options& options) : system_(options.system), blocking_(0) {
  for (unsigned index = 0; index < options.shards; ++index) {
    const Shard::Options shard{.index = index, .buffer_limit = options.buffer_limit};
    shards_.push_back(std::make_unique<Shard>(shard, std::make_unique<SimulatedBackend>(system_), blocking_));
  }
}

bool SimulatedReactor::turn_all() {
  std::vector<std::size_t> order(shards_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[system_.random(i)]);
  bool worked = false;
  for (const std::size_t index : order) worked |= shards_[index]->turn(system_.now());
  return worked;
}

void SimulatedReactor::settle() {
  for (int quiet = 0; quiet < quiet_turns;) quiet = turn_all() ? 0 : quiet + 1;
}

std::optional<TimePoint> SimulatedReactor::next_due() {
  std::optional<TimePoint> next;
  for (const auto& shard : shards_) {
    const auto due = shard->timers().next_due();
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

bool SimulatedReactor::run_until(const std::function<bool()>& done, Duration most) {
  const TimePoint end = system_.now() + most;
  for (int quiet = 0; !done();) {
    quiet = turn_all() ? 0 : quiet + 1;
    if (quiet < quiet_turns) continue;
    const auto due = next_due();
    if (!due || *due > end) return done();
    system_.advance_to(*due);
    quiet = 0;
  }
  return true;
}

bool SimulatedReactor::run(Task<void> task, Duration most) {
  const auto ended = std::make_shared<bool>(false);
  spawn(watched(std::move(task), ended));
  return run_until([&ended] { return *ended; }, most);
}

void SimulatedReactor::advance(Duration by) {
  const TimePoint end = system_.now() + by;
  settle();
  for (auto due = next_due(); due && *due <= end; due = next_due()) {
    system_.advance_to(*due);
    settle();
  }
  system_.advance_to(end);
}

}  // namespace tgt
