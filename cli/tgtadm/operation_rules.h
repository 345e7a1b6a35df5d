// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "cli/tgtadm/options.h"
#include "cli/tgtadm/usage_fault.h"

namespace tgt {

// What is wrong with these options for their mode and operation (both must be given): a missing one, one that the pair
// does not take, or a pair that does not exist. Nothing when they can become a request.
std::optional<UsageFault> check_operation(const Options& options);

}  // namespace tgt
