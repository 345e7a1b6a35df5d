// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "control/management_request.h"
#include "control/management_service.h"

namespace tgt {

// The parts of dispatch_request(), one a mode. Each reads the request before it returns; the answer may outlive it.
ManagementService::Answer dispatch_target(const ManagementRequest& request, ManagementService& service);
ManagementService::Answer dispatch_logical_unit(const ManagementRequest& request, ManagementService& service);

// Answers at once.
ManagementService::Answer refuse(ManagementError error);
ManagementService::Answer refuse_operation(const ManagementRequest& request);

// True for equal words, whatever the case of their letters.
bool same_word(std::string_view a, std::string_view b);

}  // namespace tgt
