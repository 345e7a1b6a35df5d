// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// Which of the kernel's generic drivers carries a device's commands.
enum class GenericInterface : std::uint8_t {
  best,  // the better one of those that this kernel has for this device
  sg,    // SCSI generic: on every kernel
  bsg,   // block SCSI generic, through io_uring: where the kernel has it (Linux 7.1), else sg
};

}  // namespace tgt
