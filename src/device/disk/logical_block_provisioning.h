// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"

namespace tgt {

// VPD page B2h (SBC-4, 6.6.7).
struct LogicalBlockProvisioningPage {
  static constexpr auto page = vital_product_data::Page::logical_block_provisioning;
  static void write(const Disk&, const Command&, ParameterWriter& writer) {
    writer.append(
        vital_product_data::LogicalBlockProvisioning{.provisioning_type = vital_product_data::provisioning_not_told});
  }
};

}  // namespace tgt
