// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.50. The default self-test; and the one page that there is, which asks for nothing but the list of pages.
struct SendDiagnostic {
  static constexpr std::string_view name = "SEND DIAGNOSTIC";
  static constexpr std::uint8_t operation_code = operation_code::send_diagnostic;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field page_format{1, 4, 1};
  static constexpr Field self_test{1, 2, 1};
  static constexpr Field device_offline{1, 1, 1};
  static constexpr Field unit_offline{1, 0, 1};
  static constexpr Field parameter_list_length{3, 7, 16};
  static constexpr std::array fields{page_format, self_test, device_offline, unit_offline, parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static constexpr std::uint32_t timeout_seconds = 120;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

// SPC-6, 6.36.
struct ReceiveDiagnosticResults {
  static constexpr std::string_view name = "RECEIVE DIAGNOSTIC RESULTS";
  static constexpr std::uint8_t operation_code = operation_code::receive_diagnostic_results;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field page_code_valid{1, 0, 1};
  static constexpr Field page_code{2, 7, 8};
  static constexpr Field allocation_length{3, 7, 16};
  static constexpr std::array fields{page_code_valid, page_code, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
