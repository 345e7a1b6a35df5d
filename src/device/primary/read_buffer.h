// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"
#include "scsi/opcodes.h"

namespace tgt {

// The modes of READ BUFFER and WRITE BUFFER that we have (SPC-6, 6.21 and 6.56). Those that replace microcode and those
// that read what a vendor thought of are refused.
enum class BufferMode : std::uint8_t {
  data = 0x02,
  descriptor = 0x03,
  echo = 0x0a,
  echo_descriptor = 0x0b,
};

// SPC-6, 6.21. Buffer 0 and the echo buffer of this initiator.
struct ReadBuffer10 {
  static constexpr std::string_view name = "READ BUFFER(10)";
  static constexpr std::uint8_t operation_code = operation_code::read_buffer_10;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field mode{1, 4, 5};
  static constexpr Field buffer_id{2, 7, 8};
  static constexpr Field buffer_offset{3, 7, 24};
  static constexpr Field allocation_length{6, 7, 24};
  static constexpr std::array fields{mode, buffer_id, buffer_offset, allocation_length};
  static constexpr Access access = Access::read;
  static Reply run(PrimaryDevice& device, Command& command);
};

}  // namespace tgt
