// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace tgt {

// Who may hold a block device that cannot be opened exclusively, for a message to an administrator: "mounted at /srv",
// "used by dm-0", "in use". Reads files of the kernel: may sleep. `system` is where /sys and /proc are.
std::string holders_of_device(const std::string& path, const std::string& system = "");

}  // namespace tgt
