// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/bytes.h"

namespace tgt {

// The name that a device gives its logical unit in VPD page 83h: NAA before EUI-64, a SCSI name string and a T10
// vendor ID based one ("naa.5000c5001234abcd"). Empty when the page has none.
std::string unit_name_of(Bytes device_identification_page);

}  // namespace tgt
