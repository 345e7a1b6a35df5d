// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"

namespace tgt {

// VPD page B1h (SBC-4, 6.6.2).
struct BlockDeviceCharacteristicsPage {
  static constexpr auto page = vital_product_data::Page::block_device_characteristics;
  static void write(const Disk& disk, const Command&, ParameterWriter& writer) {
    const std::uint16_t rate = disk.geometry().rotation_rate;
    vital_product_data::BlockDeviceCharacteristics characteristics{.medium_rotation_rate = rate};
    if (disk.thin()) characteristics.form_factor = vital_product_data::reads_after_block_erase_succeed;
    writer.append(characteristics);
  }
};

}  // namespace tgt
