// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "control/management_request.h"
#include "control/management_service.h"

namespace tgt {

// Turns a request into one call of the service: which operations a mode has, what they need, what their texts mean,
// including the words of the past (state running and suspended, iotype). Anything else is refused as invalid with the
// cause in the detail. The request is read before this returns.
Task<ManagementResult> dispatch_request(const ManagementRequest& request, ManagementService& service);

}  // namespace tgt
