// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 87h (SPC-6, 7.7.9): all initiators share one copy of every mode page.
struct ModePagePolicy {
  static constexpr auto page = vital_product_data::Page::mode_page_policy;
  static void write(const PrimaryDevice&, const Command&, ParameterWriter& writer) {
    writer.append(vital_product_data::ModePagePolicyDescriptor{});
  }
};

}  // namespace tgt
