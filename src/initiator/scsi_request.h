// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "base/bytes.h"
#include "scsi/cdb.h"
#include "scsi/data_direction.h"

namespace tgt {

// One command for a device, as an initiator port carries it. The data stay the caller's; a device only reads them when
// the direction is data_out.
struct ScsiRequest {
  Cdb cdb{};
  DataDirection direction = DataDirection::none;
  MutableBytes data{};
  std::chrono::milliseconds timeout{30'000};
  // What the device does not fill keeps the bytes that `data` holds now, or becomes zeros, even where the operating
  // system would else leave those of an earlier command there. May cost one more copy.
  bool keep_unfilled_bytes = false;
};

}  // namespace tgt
