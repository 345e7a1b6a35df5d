// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"

namespace tgt {

// RESERVE and RELEASE of a whole logical unit (SPC-2, 7.21 to 7.24). Third-party and element reservations are obsolete:
// their fields are reserved here.
struct ReserveRelease {
  static constexpr Access access = Access::reservation;
  static constexpr std::array<Field, 0> fields{};
  static Reply reserve(Command& command);
  static Reply release(Command& command);
};

struct Reserve6 : ReserveRelease {
  static constexpr std::string_view name = "RESERVE(6)";
  static constexpr std::uint8_t operation_code = 0x16;
  static constexpr std::uint8_t cdb_length = 6;
  static Reply run(DeviceServer&, Command& command) { return reserve(command); }
};
struct Release6 : ReserveRelease {
  static constexpr std::string_view name = "RELEASE(6)";
  static constexpr std::uint8_t operation_code = 0x17;
  static constexpr std::uint8_t cdb_length = 6;
  static Reply run(DeviceServer&, Command& command) { return release(command); }
};
struct Reserve10 : ReserveRelease {
  static constexpr std::string_view name = "RESERVE(10)";
  static constexpr std::uint8_t operation_code = 0x56;
  static constexpr std::uint8_t cdb_length = 10;
  static Reply run(DeviceServer&, Command& command) { return reserve(command); }
};
struct Release10 : ReserveRelease {
  static constexpr std::string_view name = "RELEASE(10)";
  static constexpr std::uint8_t operation_code = 0x57;
  static constexpr std::uint8_t cdb_length = 10;
  static Reply run(DeviceServer&, Command& command) { return release(command); }
};

}  // namespace tgt
