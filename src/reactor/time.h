// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

namespace tgt {

// Monotonic time of a shard. Tests move it by hand.
using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using namespace std::chrono_literals;

}  // namespace tgt
