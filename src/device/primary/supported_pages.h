// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 00h (SPC-6, 7.7.12).
struct SupportedPages {
  static constexpr auto page = vital_product_data::Page::supported_pages;
  static void write(const PrimaryDevice& device, const Command&, ParameterWriter& writer) {
    for (const VitalProductDataPage& supported : device.vital_product_data_pages()) {
      if (supported.has(device)) writer.append(supported.code);
    }
  }
};

}  // namespace tgt
