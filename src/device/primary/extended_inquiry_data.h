// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 86h (SPC-6, 7.7.7).
struct ExtendedInquiryDataPage {
  static constexpr auto page = vital_product_data::Page::extended_inquiry_data;
  static void write(const PrimaryDevice& device, const Command&, ParameterWriter& writer) {
    constexpr std::uint8_t volatile_cache_supported = 0x01;  // V_SUP
    vital_product_data::ExtendedInquiryData data;
    if (device.mode_pages().has_page(mode::Caching{}.header.page_code)) data.volatile_cache = volatile_cache_supported;
    writer.append(data);
  }
};

}  // namespace tgt
