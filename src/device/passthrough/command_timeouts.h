// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "scsi/cdb.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// How long each command of one device may take: what the device recommends itself (REPORT SUPPORTED OPERATION CODES
// with RCTD), else what its class of commands may take on its type of device.
class CommandTimeouts {
 public:
  // No device answers its adapter in less, whatever it says; the kernel's own timers are coarse, too.
  static constexpr std::chrono::seconds shortest{10};

  explicit CommandTimeouts(PeripheralDeviceType type) : type_(type) {}

  // From the parameter data in the all-commands format. What is malformed is left out.
  void learn(Bytes supported_operation_codes);
  // The same for every command, whatever the device says.
  void fix(std::chrono::seconds timeout) { fixed_ = timeout; }

  std::chrono::milliseconds of(const Cdb& cdb) const;
  std::size_t learned() const { return learned_.size(); }

 private:
  struct Row {
    std::uint32_t key;  // operation code and service action
    std::uint32_t seconds;
  };
  static std::uint32_t key(std::uint8_t operation_code, std::uint16_t service_action) {
    return (std::uint32_t{operation_code} << 16) | service_action;
  }
  const Row* find(std::uint32_t key) const;

  PeripheralDeviceType type_;
  std::chrono::seconds fixed_{0};
  std::vector<Row> learned_;  // sorted by key
  std::array<bool, 256> has_service_actions_{};
};

}  // namespace tgt
