// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "scsi/peripheral_device_type.h"

namespace tgt {

// A SCSI device of this host, as the kernel describes it in sysfs.
struct DeviceLocation {
  std::string asked_for;     // the name by which it was looked for
  std::string address;       // "H:C:T:L"
  std::string sysfs_folder;  // /sys/devices/.../H:C:T:L
  std::string generic_node;  // "/dev/sg3"
  std::string bsg_node;      // "/dev/bsg/H:C:T:L", empty when there is none
  PeripheralDeviceType type = PeripheralDeviceType::unknown;
  std::string vendor, product, revision;
  std::string state;  // "running", "offline", ...
  std::uint32_t queue_depth = 1;
  std::optional<std::uint64_t> can_queue;       // of the host adapter, shared by its devices
  std::optional<std::uint64_t> table_segments;  // sg_tablesize
  std::optional<std::uint64_t> hardware_kib;    // max_hw_sectors_kb; only disks and optical drives show it
  std::string queue_depth_file() const { return sysfs_folder + "/queue_depth"; }
};

}  // namespace tgt
