// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// Which way a command's data goes, named as SAM-6 does: Data-In comes from the device.
enum class DataDirection : std::uint8_t { none, data_in, data_out };

}  // namespace tgt
