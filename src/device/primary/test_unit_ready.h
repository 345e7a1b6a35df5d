// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.47.
struct TestUnitReady {
  static constexpr std::string_view name = "TEST UNIT READY";
  static constexpr std::uint8_t operation_code = operation_code::test_unit_ready;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr std::array<Field, 0> fields{};
  static constexpr Access access = Access::none;
  static Reply run(PrimaryDevice& device, Command&) {
    const auto reason = device.not_ready();
    return reason ? Reply::check_condition(*reason) : Reply::good();
  }
};

}  // namespace tgt
