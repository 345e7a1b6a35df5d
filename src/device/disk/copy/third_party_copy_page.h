// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"

namespace tgt {

// VPD page 8Fh (SPC-5, 7.7.18): which third-party copies there are, and their limits.
struct ThirdPartyCopyPage {
  static constexpr auto page = vital_product_data::Page::third_party_copy;
  static void write(const Disk& disk, const Command& command, ParameterWriter& writer);
};

}  // namespace tgt
