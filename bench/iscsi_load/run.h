// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "iscsi_load/measurements.h"
#include "iscsi_load/options.h"
#include "iscsi_load/result.h"

namespace tgt::bench {

struct Report {
  Measurements measured;
  double seconds = 0;                // that were measured
  double generator_cpu_seconds = 0;  // in that time
  std::optional<double> server_cpu_seconds;
  OperationalKeys agreed;
};

// Logs all sessions in, runs the load, logs out. The first thing that is not as it should be ends the run.
Result<Report> run_load(const Options& options);

}  // namespace tgt::bench
