// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// PERIPHERAL DEVICE TYPE of INQUIRY data (SPC-6, 6.7.2).
enum class PeripheralDeviceType : std::uint8_t {
  block = 0x00,
  tape = 0x01,
  printer = 0x02,
  processor = 0x03,
  write_once = 0x04,
  optical = 0x05,  // CD, DVD, Blu-ray (MMC)
  optical_memory = 0x07,
  medium_changer = 0x08,
  storage_array_controller = 0x0c,
  enclosure_services = 0x0d,
  reduced_block = 0x0e,
  zoned_block = 0x14,
  well_known_logical_unit = 0x1e,
  unknown = 0x1f,
};

}  // namespace tgt
