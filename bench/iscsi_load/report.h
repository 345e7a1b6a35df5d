// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "iscsi_load/options.h"
#include "iscsi_load/run.h"

namespace tgt::bench {

std::string describe_load(const Options& options);
std::string as_text(const Options& options, const Report& report);
std::string as_json(const Options& options, const Report& report);

}  // namespace tgt::bench
