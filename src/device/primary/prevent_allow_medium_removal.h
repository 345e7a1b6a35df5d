// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/medium_removal.h"
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// SPC-6, 6.17. `Device` has medium_removal().
template <class Device>
struct PreventAllowMediumRemoval {
  static constexpr std::string_view name = "PREVENT ALLOW MEDIUM REMOVAL";
  static constexpr std::uint8_t operation_code = operation_code::prevent_allow_medium_removal;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Field prevent{4, 1, 2};
  static constexpr std::array fields{prevent};
  static constexpr Access access = Access::write;
  static Access decide_access(const Cdb& cdb) { return cdb[prevent] == 0 ? Access::none : Access::write; }
  static Reply run(Device& device, Command& command) {
    switch (command[prevent]) {
      case 0:
        device.medium_removal().allow(command.itl());
        return Reply::good();
      case 1:
        device.medium_removal().prevent(command.itl());
        return Reply::good();
      default:
        return Reply::check_condition(Sense::invalid_field_in_cdb(prevent));
    }
  }
};

}  // namespace tgt
