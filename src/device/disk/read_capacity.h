// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.20. The address and PMI fields are obsolete and must be zero.
struct ReadCapacity10 {
  static constexpr std::string_view name = "READ CAPACITY(10)";
  static constexpr std::uint8_t operation_code = operation_code::read_capacity_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr std::array<Field, 0> fields{};
  static constexpr Access access = Access::none;
  static Reply run(Disk& disk, Command& command);
};

// SBC-4, 5.21.
struct ReadCapacity16 {
  static constexpr std::string_view name = "READ CAPACITY(16)";
  static constexpr std::uint8_t operation_code = operation_code::service_action_in_16;
  static constexpr std::uint16_t service_action = service_action::read_capacity_16;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field allocation_length{10, 7, 32};
  static constexpr std::array fields{allocation_length};
  static constexpr Access access = Access::none;
  static Reply run(Disk& disk, Command& command);
};

}  // namespace tgt
