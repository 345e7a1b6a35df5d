// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ctime>

#include "iscsi_load/histogram.h"

namespace tgt::bench {

// Nanoseconds on the monotonic clock.
inline std::uint64_t now_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// When commands are counted. Fixed before the first one is sent, so that no thread has to tell another.
struct Schedule {
  std::uint64_t measure_from = 0;
  std::uint64_t measure_to = 0;
};

// What one thread counted between the schedule's two times.
struct Measurements {
  Histogram latency;
  std::uint64_t commands = 0;
  std::uint64_t bytes = 0;
  std::uint64_t window_closed = 0;   // times a session had to hold back a command for the target's window
  std::uint64_t verified_reads = 0;  // over the whole run
  std::uint64_t idle_polling = 0;    // nanoseconds in polls that found nothing (--spin)

  void merge(const Measurements& other) {
    latency.merge(other.latency);
    commands += other.commands;
    bytes += other.bytes;
    window_closed += other.window_closed;
    verified_reads += other.verified_reads;
    idle_polling += other.idle_polling;
  }
};

}  // namespace tgt::bench
