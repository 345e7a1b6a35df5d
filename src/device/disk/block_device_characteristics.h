// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"

namespace tgt {

// VPD page B1h (SBC-4, 6.6.2).
struct BlockDeviceCharacteristicsPage {
  static constexpr auto page = vital_product_data::Page::block_device_characteristics;
  static void write(const Disk& disk, const Command&, ParameterWriter& writer) {
    const std::uint16_t rate = disk.geometry().rotation_rate;
    writer.append(vital_product_data::BlockDeviceCharacteristics{.medium_rotation_rate = rate});
  }
};

}  // namespace tgt
