// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/read_buffer.h"

namespace tgt {

// SPC-6, 6.56: data to read again. There is no microcode to replace.
struct WriteBuffer10 {
  static constexpr std::string_view name = "WRITE BUFFER(10)";
  static constexpr std::uint8_t operation_code = operation_code::write_buffer;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field mode{1, 4, 5};
  static constexpr Field buffer_id{2, 7, 8};
  static constexpr Field buffer_offset{3, 7, 24};
  static constexpr Field parameter_list_length{6, 7, 24};
  static constexpr std::array fields{mode, buffer_id, buffer_offset, parameter_list_length};
  static constexpr Access access = Access::unprotected_write;
  static Task<Reply> run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
