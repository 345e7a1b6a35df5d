// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"

namespace tgt {

// VPD page B2h (SBC-4, 6.6.7).
struct LogicalBlockProvisioningPage {
  static constexpr auto page = vital_product_data::Page::logical_block_provisioning;
  static void write(const Disk& disk, const Command&, ParameterWriter& writer) {
    constexpr std::uint8_t unmap = 0x80;                 // LBPU
    constexpr std::uint8_t write_same_16 = 0x40;         // LBPWS
    constexpr std::uint8_t write_same_10 = 0x20;         // LBPWS10
    constexpr std::uint8_t unmapped_reads_zeros = 0x04;  // LBPRZ 001b
    vital_product_data::LogicalBlockProvisioning data;
    if (disk.thin()) {
      data.flags = unmap | write_same_16 | write_same_10 | unmapped_reads_zeros;
      data.threshold_exponent = disk.threshold_exponent();
      data.provisioning_type = vital_product_data::provisioning_thin;
    }
    writer.append(data);
  }
};

}  // namespace tgt
