// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace tgt {

// The number of the kernel's SCSI host that `bus,id` names: the N of a hostN below <sysfs>/bus/<bus>/devices/<id>.
Result<std::uint32_t, std::string> find_host_of_bus(const std::string& bus_and_id, const std::filesystem::path& sysfs);

}  // namespace tgt
