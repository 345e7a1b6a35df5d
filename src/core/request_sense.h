// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"

namespace tgt {

// REQUEST SENSE (SPC-6) as far as the core answers it: a pending unit attention, or what is to be said of a LUN where
// there is nothing. The rest is the device server's, with this row or one of its own.
struct RequestSense {
  static constexpr std::string_view name = "REQUEST SENSE";
  static constexpr std::uint8_t operation_code = 0x03;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Access access = Access::none;
  static constexpr Field descriptor_format{1, 0, 1};
  static constexpr Field allocation_length{4, 7, 8};
  static constexpr std::array fields{descriptor_format, allocation_length};

  // The sense as parameter data, in the format asked for, with GOOD status.
  static Reply answer(Command& command, const Sense& sense);
  // A unit attention that is told instead of carrying out the command: so if it is this one, else with CHECK CONDITION.
  // It is pending again when there is no memory to tell it.
  static Reply report(Command& command, const Sense& condition);
  // Nothing to tell.
  static Reply run(DeviceServer& device, Command& command);
};

}  // namespace tgt
