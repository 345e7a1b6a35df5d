// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"

namespace tgt {

// PERSISTENT RESERVE IN (SPC-6, 6.15), for any device type; a row for each service action.
struct PersistentReserveIn {
  static constexpr std::uint8_t operation_code = 0x5e;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Access access = Access::reservation;
  static constexpr Field allocation_length{7, 7, 16};
  static constexpr std::array fields{allocation_length};
};

struct ReadKeys : PersistentReserveIn {
  static constexpr std::string_view name = "PERSISTENT RESERVE IN, READ KEYS";
  static constexpr std::uint16_t service_action = 0x00;
  static Reply run(DeviceServer& device, Command& command);
};

struct ReadReservation : PersistentReserveIn {
  static constexpr std::string_view name = "PERSISTENT RESERVE IN, READ RESERVATION";
  static constexpr std::uint16_t service_action = 0x01;
  static Reply run(DeviceServer& device, Command& command);
};

struct ReportCapabilities : PersistentReserveIn {
  static constexpr std::string_view name = "PERSISTENT RESERVE IN, REPORT CAPABILITIES";
  static constexpr std::uint16_t service_action = 0x02;
  static Reply run(DeviceServer& device, Command& command);
};

struct ReadFullStatus : PersistentReserveIn {
  static constexpr std::string_view name = "PERSISTENT RESERVE IN, READ FULL STATUS";
  static constexpr std::uint16_t service_action = 0x03;
  static Reply run(DeviceServer& device, Command& command);
};

}  // namespace tgt
