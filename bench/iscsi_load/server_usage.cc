// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/server_usage.h"

#include <fmt/format.h>

#include <cstring>
#include <ctime>

namespace tgt::bench {
namespace {

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

Result<double> cpu_seconds_of(const std::vector<int>& processes) {
  double total = 0;
  for (const int process : processes) {
    clockid_t clock{};
    timespec time{};
    const int error = ::clock_getcpuclockid(process, &clock);
    if (error != 0 || ::clock_gettime(clock, &time) != 0) {
      return fault(fmt::format("no CPU time of process {}: {}", process, std::strerror(error != 0 ? error : ESRCH)));
    }
    total += seconds(time);
  }
  return total;
}

double own_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return seconds(time);
}

}  // namespace tgt::bench
