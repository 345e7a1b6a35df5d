// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/request_sense.h"
#include "device/primary/primary_device.h"

namespace tgt {

// SPC-6, 6.39. The core has told a pending unit attention already; here remains why the device is not ready, if it is
// not.
struct DeviceRequestSense : RequestSense {
  static Reply run(PrimaryDevice& device, Command& command) {
    return answer(command, device.not_ready().value_or(Sense{}));
  }
};

}  // namespace tgt
