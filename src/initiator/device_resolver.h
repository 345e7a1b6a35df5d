// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "base/result.h"
#include "initiator/device_location.h"
#include "initiator/open_fault.h"
#include "initiator/system_view.h"

namespace tgt {

// Finds the SCSI device that a name stands for: a node of any driver (/dev/sdX, stN, nstN, srN, schN, sgN,
// /dev/bsg/H:C:T:L), a link to one, or an address "H:C:T:L". Reads small files of sysfs; does not open the device.
class DeviceResolver {
 public:
  explicit DeviceResolver(const SystemView& system) : system_(system) {}

  Result<DeviceLocation, OpenFault> resolve(const std::string& name) const;

 private:
  Result<std::string, OpenFault> folder_of_node(const std::string& name, const SystemView::Node& node) const;
  Result<std::string, OpenFault> folder_of_class_device(const std::string& name, const std::string& class_device) const;
  Result<std::string, OpenFault> folder_of_name(const std::string& name) const;
  Result<DeviceLocation, OpenFault> describe(const std::string& name, const std::string& folder) const;
  void read_limits(DeviceLocation& location) const;

  const SystemView& system_;
};

}  // namespace tgt
