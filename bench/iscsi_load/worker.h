// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "iscsi_load/measurements.h"
#include "iscsi_load/options.h"
#include "iscsi_load/session.h"

namespace tgt::bench {

// One thread's share of the sessions. It sleeps in epoll; an event costs one recv() of many PDUs and one sendmsg() of
// many PDUs.
class Worker {
 public:
  // `stop` is set when another worker failed: then this one ends too.
  Worker(const Options& options, const Schedule& schedule, const std::atomic<bool>& stop);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void add(std::unique_ptr<Session> session) { sessions_.push_back(std::move(session)); }
  // Runs until the measuring time is over and every command is answered, then logs out.
  Result<void> run();
  [[nodiscard]] const Measurements& measured() const { return measured_; }

 private:
  Result<void> start();
  Result<void> wait_and_serve();
  Result<void> serve(Session& session, std::uint32_t events);
  Result<void> issue_and_flush(Session& session, std::uint64_t now);
  Result<void> check_patience(std::uint64_t now) const;
  void watch(Session& session);
  [[nodiscard]] bool finished(std::uint64_t now) const;
  [[nodiscard]] int sleep_milliseconds(std::uint64_t now) const;
  [[nodiscard]] std::size_t in_flight() const;
  Measurements& counter_at(std::uint64_t now) {
    return now >= schedule_.measure_from && now < schedule_.measure_to ? measured_ : uncounted_;
  }

  const Options& options_;
  const Schedule& schedule_;
  const std::atomic<bool>& stop_;
  int epoll_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::uint8_t> receive_buffer_;
  std::uint64_t last_answer_ = 0;
  Measurements measured_;
  Measurements uncounted_;  // warm-up and what was answered after the end
};

}  // namespace tgt::bench
