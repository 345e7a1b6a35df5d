// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/vital_product_data_page.h"

namespace tgt {

// Page 88h (SPC-6, 7.7.13): every port of the target that the command came through, with its name.
struct ScsiPortsPage {
  static constexpr auto page = vital_product_data::Page::scsi_ports;
  static void write(const PrimaryDevice& device, const Command& command, ParameterWriter& writer);
};

}  // namespace tgt
