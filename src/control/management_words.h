// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string_view>

#include "control/management_request.h"

namespace tgt {

// The words that people use for modes and operations. Some modes have several; messages use the first.
std::optional<ManagementMode> mode_named(std::string_view word);
std::optional<ManagementOperation> operation_named(std::string_view word);
std::string_view word_for(ManagementMode mode);
std::string_view word_for(ManagementOperation operation);

}  // namespace tgt
