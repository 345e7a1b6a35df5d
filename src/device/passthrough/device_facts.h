// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "device/passthrough/command_timeouts.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// What a device said of itself when it was opened.
struct DeviceFacts {
  explicit DeviceFacts(PeripheralDeviceType device_type) : type(device_type), timeouts(device_type) {}

  PeripheralDeviceType type;
  std::uint8_t version = 0;  // of SPC: 05h is SPC-3
  bool removable = false;
  bool supports_protection = false;  // PROTECT: the medium may be formatted with protection information
  std::string vendor, product;
  std::string serial_number;      // page 80h; empty when there is none
  std::string unit_name;          // of page 83h; empty when there is none
  std::uint64_t block_count = 0;  // 0: no medium, or no blocks
  std::uint32_t block_length = 0;
  bool protected_medium = false;  // PROT_EN
  CommandTimeouts timeouts;
  // Of devices that do one thing after the other: the INQUIRY data that they have, to be told while they are occupied.
  std::vector<std::uint8_t> standard_inquiry;
  std::map<std::uint8_t, std::vector<std::uint8_t>> vital_pages;

  bool is_disk() const {
    switch (type) {
      case PeripheralDeviceType::block:
      case PeripheralDeviceType::write_once:
      case PeripheralDeviceType::optical_memory:
      case PeripheralDeviceType::reduced_block:
      case PeripheralDeviceType::zoned_block:
        return true;
      default:
        return false;
    }
  }
  bool is_tape() const { return type == PeripheralDeviceType::tape; }
  // One thing after the other, in the order of arrival.
  bool is_sequential() const { return is_tape() || type == PeripheralDeviceType::medium_changer; }
};

}  // namespace tgt
