// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// SAM-6, 8.6. The numbers are those of the iSCSI and SRP fields (RFC 7143, 11.3.1.2).
enum class TaskAttribute : std::uint8_t { untagged = 0, simple = 1, ordered = 2, head_of_queue = 3, aca = 4 };

}  // namespace tgt
