// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "scsi/opcodes.h"

namespace tgt {

// SANITIZE (SBC-4, 5.34): all that was ever stored becomes unreadable, in the background with IMMED. There is no
// cryptographic erase: nothing here is encrypted.
struct Sanitize {
  static constexpr std::uint8_t operation_code = operation_code::sanitize;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field immediate{1, 7, 1};
  static constexpr Field allow_unrestricted_exit{1, 5, 1};  // AUSE
  static constexpr Field parameter_list_length{7, 7, 16};
  static constexpr Access access = Access::write;
  static constexpr Overlap overlap = Overlap::exclusive_range;
  static constexpr std::uint32_t timeout_seconds = 86400;
};

// Writes a pattern over everything, once or more often.
struct SanitizeOverwrite : Sanitize {
  static constexpr std::string_view name = "SANITIZE, OVERWRITE";
  static constexpr std::uint16_t service_action = service_action::sanitize_overwrite;
  static constexpr std::array fields{immediate, allow_unrestricted_exit, parameter_list_length};
  static Task<Reply> run(Disk& disk, Command& command);
};

// Everything reads as zeros afterwards, and takes no space where the store can give it back. For disks with thin
// provisioning: initiators expect to find the blocks deallocated.
struct SanitizeBlockErase : Sanitize {
  static constexpr std::string_view name = "SANITIZE, BLOCK ERASE";
  static constexpr std::uint16_t service_action = service_action::sanitize_block_erase;
  static constexpr std::array fields{immediate, allow_unrestricted_exit};
  static Task<Reply> run(Disk& disk, Command& command);
};

struct SanitizeExitFailureMode : Sanitize {
  static constexpr std::string_view name = "SANITIZE, EXIT FAILURE MODE";
  static constexpr std::uint16_t service_action = service_action::sanitize_exit_failure_mode;
  static constexpr std::uint32_t timeout_seconds = 30;
  static constexpr std::array fields{immediate, allow_unrestricted_exit};
  static Task<Reply> run(Disk& disk, Command& command);
};

}  // namespace tgt
