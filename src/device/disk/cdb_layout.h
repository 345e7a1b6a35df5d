// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "scsi/field.h"

namespace tgt {

// Where READ, WRITE, VERIFY and their kin have what they have in common, by the length of their CDB (SBC-4, 5).
struct Layout10 {
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field logical_block_address{2, 7, 32};
  static constexpr Field group_number{6, 4, 5};
  static constexpr Field transfer_length{7, 7, 16};
};

struct Layout12 {
  static constexpr std::uint8_t cdb_length = 12;
  static constexpr Field logical_block_address{2, 7, 32};
  static constexpr Field transfer_length{6, 7, 32};
  static constexpr Field group_number{10, 4, 5};
};

struct Layout16 {
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Field logical_block_address{2, 7, 64};
  static constexpr Field transfer_length{10, 7, 32};
  static constexpr Field group_number{14, 4, 5};
};

}  // namespace tgt
