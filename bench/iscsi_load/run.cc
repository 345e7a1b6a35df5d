// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/run.h"

#include <fmt/format.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "iscsi_load/server_usage.h"
#include "iscsi_load/worker.h"

namespace tgt::bench {
namespace {

// Collects how the workers ended, and lets the measuring thread sleep until a time or until one of them failed.
class Outcome {
 public:
  void worker_ended(Result<void> result) {
    const std::lock_guard lock(mutex_);
    if (result || fault_) return;
    fault_ = std::move(result.error());
    stop_ = true;
    failed_.notify_all();
  }
  // False when a worker failed before that time.
  bool sleep_until(std::uint64_t time) {
    std::unique_lock lock(mutex_);
    const std::uint64_t now = now_nanoseconds();
    const auto left = std::chrono::nanoseconds(time > now ? time - now : 0);
    return !failed_.wait_for(lock, left, [this] { return fault_.has_value(); });
  }
  std::optional<Fault> take_fault() {
    const std::lock_guard lock(mutex_);
    return fault_;
  }
  [[nodiscard]] const std::atomic<bool>& stop() const { return stop_; }

 private:
  std::mutex mutex_;
  std::condition_variable failed_;
  std::optional<Fault> fault_;
  std::atomic<bool> stop_ = false;
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  Result<Report> run() {
    auto ready = make_workers();
    if (!ready) return std::unexpected(ready.error());
    const auto duration = [](double seconds) { return static_cast<std::uint64_t>(seconds * 1e9); };
    schedule_.measure_from = now_nanoseconds() + duration(options_.warmup_seconds);
    schedule_.measure_to = schedule_.measure_from + duration(options_.seconds);

    Result<void> sampled;
    {
      std::vector<std::jthread> threads;  // joined at the end of this block
      threads.reserve(workers_.size());
      for (Worker& worker : workers_) {
        threads.emplace_back([this, &worker] { outcome_.worker_ended(worker.run()); });
      }
      sampled = sample();
    }
    if (auto failed = outcome_.take_fault()) return std::unexpected(*failed);
    if (!sampled) return std::unexpected(sampled.error());
    for (const Worker& worker : workers_) report_.measured.merge(worker.measured());
    return report_;
  }

 private:
  Result<void> make_workers() {
    for (unsigned i = 0; i < options_.threads; ++i) workers_.emplace_back(options_, schedule_, outcome_.stop());
    for (unsigned i = 0; i < options_.sessions; ++i) {
      auto made = make_session(i);
      if (!made) return fault(fmt::format("session {}: {}", i, made.error().text));
      workers_[i % options_.threads].add(std::move(*made));
    }
    return {};
  }

  Result<std::unique_ptr<Session>> make_session(unsigned number) {
    auto logged_in = log_in(options_, number);
    if (!logged_in) return std::unexpected(logged_in.error());
    const auto extent = extent_for(options_, logged_in->medium, number);
    if (!extent) return std::unexpected(extent.error());
    auto ready = logged_in->connection.make_non_blocking();
    if (!ready) return std::unexpected(ready.error());
    report_.agreed = logged_in->agreed;
    return std::make_unique<Session>(options_, std::move(*logged_in), *extent, number);
  }

  Result<void> sample() {
    if (!outcome_.sleep_until(schedule_.measure_from)) return {};
    const double own_before = own_cpu_seconds();
    const auto server_before = cpu_seconds_of(options_.server_pids);
    const std::uint64_t started = now_nanoseconds();
    if (!server_before) return std::unexpected(server_before.error());
    if (!outcome_.sleep_until(schedule_.measure_to)) return {};
    const auto server_after = cpu_seconds_of(options_.server_pids);
    report_.generator_cpu_seconds = own_cpu_seconds() - own_before;
    if (!server_after) return std::unexpected(server_after.error());
    // A busy core wakes this thread a little late at both ends: CPU time is scaled to the counted time.
    const double slept = static_cast<double>(now_nanoseconds() - started) / 1e9;
    const double scale = slept > 0 ? options_.seconds / slept : 1;
    report_.generator_cpu_seconds *= scale;
    if (!options_.server_pids.empty()) report_.server_cpu_seconds = (*server_after - *server_before) * scale;
    report_.seconds = options_.seconds;
    return {};
  }

  const Options& options_;
  Schedule schedule_;
  Outcome outcome_;
  std::deque<Worker> workers_;
  Report report_;
};

}  // namespace

Result<Report> run_load(const Options& options) { return Run(options).run(); }

}  // namespace tgt::bench
