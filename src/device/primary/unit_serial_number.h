// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 80h (SPC-6, 7.7.13).
struct UnitSerialNumber {
  static constexpr auto page = vital_product_data::Page::unit_serial_number;
  static void write(const PrimaryDevice& device, const Command&, ParameterWriter& writer) {
    writer.append_text(device.identity().serial_number);
  }
};

}  // namespace tgt
