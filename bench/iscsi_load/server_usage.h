// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "iscsi_load/result.h"

namespace tgt::bench {

// CPU time in seconds since the start of the processes (threads that ended included), to the nanosecond.
Result<double> cpu_seconds_of(const std::vector<int>& processes);
// The same of this process.
double own_cpu_seconds();

}  // namespace tgt::bench
