// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.7. Standard data, or a vital product data page.
struct Inquiry {
  static constexpr std::string_view name = "INQUIRY";
  static constexpr std::uint8_t operation_code = operation_code::inquiry;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field enable_vital_product_data{1, 0, 1};
  static constexpr Field page_code{2, 7, 8};
  static constexpr Field allocation_length{3, 7, 16};
  static constexpr std::array fields{enable_vital_product_data, page_code, allocation_length};
  static constexpr Access access = Access::none;
  static constexpr bool before_unit_attention = true;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
