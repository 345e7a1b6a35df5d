// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.8. Cumulative values; there are no thresholds and nothing is saved.
struct LogSense {
  static constexpr std::string_view name = "LOG SENSE";
  static constexpr std::uint8_t operation_code = operation_code::log_sense;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field page_control{2, 7, 2};
  static constexpr Field page_code{2, 5, 6};
  static constexpr Field subpage_code{3, 7, 8};
  static constexpr Field parameter_pointer{5, 7, 16};
  static constexpr Field allocation_length{7, 7, 16};
  static constexpr std::array fields{page_control, page_code, subpage_code, parameter_pointer, allocation_length};
  static constexpr Access access = Access::none;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.7. Sets counters back (PCR, or default values); single parameters cannot be set.
struct LogSelect {
  static constexpr std::string_view name = "LOG SELECT";
  static constexpr std::uint8_t operation_code = operation_code::log_select;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field parameter_code_reset{1, 1, 1};
  static constexpr Field page_control{2, 7, 2};
  static constexpr Field page_code{2, 5, 6};
  static constexpr Field subpage_code{3, 7, 8};
  static constexpr Field parameter_list_length{7, 7, 16};
  static constexpr std::array fields{parameter_code_reset, page_control, page_code, subpage_code,
                                     parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
