// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.30. There is nothing to spin: stopping writes the cache out. LOEJ takes a removable medium out or puts it
// back. With a POWER CONDITION the other fields count for nothing, and there is no power to save: it is taken and
// changes nothing.
struct StartStopUnit {
  static constexpr std::string_view name = "START STOP UNIT";
  static constexpr std::uint8_t operation_code = operation_code::start_stop_unit;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field immediate{1, 0, 1};
  static constexpr Field power_condition_modifier{3, 3, 4};
  static constexpr Field power_condition{4, 7, 4};
  static constexpr Field no_flush{4, 2, 1};
  static constexpr Field load_eject{4, 1, 1};
  static constexpr Field start{4, 0, 1};
  static constexpr std::array fields{immediate, power_condition_modifier, power_condition, no_flush, load_eject, start};
  static constexpr Access access = Access::write;
  // SBC-4, table of commands allowed in the presence of reservations: everybody may start it.
  static Access decide_access(const Cdb& cdb) {
    return cdb[start] != 0 && cdb[power_condition] == 0 ? Access::none : Access::write;
  }
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
