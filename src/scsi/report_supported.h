// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

// REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-6, 6.34 and 6.35).
namespace tgt::report_supported {

struct AllCommandsHeader {
  be32 command_data_length{};
};
static_assert(WireStruct<AllCommandsHeader> && sizeof(AllCommandsHeader) == 4);

struct CommandDescriptor {
  static constexpr std::uint8_t timeouts_descriptor_present = 0x02;  // CTDP
  static constexpr std::uint8_t service_action_valid = 0x01;         // SERVACTV
  std::uint8_t operation_code = 0;
  std::uint8_t reserved = 0;
  be16 service_action{};
  std::uint8_t reserved_too = 0;
  std::uint8_t flags = 0;
  be16 cdb_length{};
};
static_assert(WireStruct<CommandDescriptor> && sizeof(CommandDescriptor) == 8);

struct OneCommandHeader {
  static constexpr std::uint8_t timeouts_descriptor_present = 0x80;  // CTDP
  static constexpr std::uint8_t not_supported = 0x01;                // SUPPORT
  static constexpr std::uint8_t supported = 0x03;
  std::uint8_t reserved = 0;
  std::uint8_t support = 0;
  be16 cdb_size{};
};
static_assert(WireStruct<OneCommandHeader> && sizeof(OneCommandHeader) == 4);

struct TimeoutsDescriptor {
  be16 descriptor_length{10};
  std::uint8_t reserved = 0;
  std::uint8_t command_specific = 0;
  be32 nominal_command_processing_timeout{};  // seconds
  be32 recommended_command_timeout{};
};
static_assert(WireStruct<TimeoutsDescriptor> && sizeof(TimeoutsDescriptor) == 12);

struct TaskManagementFunctions {
  // Byte 0
  static constexpr std::uint8_t abort_task = 0x80;
  static constexpr std::uint8_t abort_task_set = 0x40;
  static constexpr std::uint8_t clear_aca = 0x20;
  static constexpr std::uint8_t clear_task_set = 0x10;
  static constexpr std::uint8_t logical_unit_reset = 0x08;
  static constexpr std::uint8_t query_task = 0x04;
  static constexpr std::uint8_t target_reset = 0x02;
  // Byte 1
  static constexpr std::uint8_t query_asynchronous_event = 0x04;
  static constexpr std::uint8_t query_task_set = 0x02;
  static constexpr std::uint8_t i_t_nexus_reset = 0x01;
  std::uint8_t first = 0;
  std::uint8_t second = 0;
  std::uint8_t reserved = 0;
  std::uint8_t additional_length = 0;
};
static_assert(WireStruct<TaskManagementFunctions> && sizeof(TaskManagementFunctions) == 4);

// The extended form (REPD): the timeouts are not told.
struct ExtendedTaskManagementFunctions {
  TaskManagementFunctions functions{.additional_length = 12};
  std::uint8_t timeouts_told = 0;
  std::array<std::uint8_t, 3> reserved{};
  be32 long_timeout{};
  be32 short_timeout{};
};
static_assert(WireStruct<ExtendedTaskManagementFunctions> && sizeof(ExtendedTaskManagementFunctions) == 16);

}  // namespace tgt::report_supported
