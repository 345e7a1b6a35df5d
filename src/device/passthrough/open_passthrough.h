// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "core/device_server.h"
#include "initiator/generic_interface.h"
#include "initiator/open_fault.h"

namespace tgt {

class DevicesInUse;
class Reactor;

// What of the daemon a device that is passed through needs.
struct PassthroughHost {
  Reactor& reactor;
  DevicesInUse& in_use;
  Log log;
};

// What an administrator may say about a device that is passed through.
struct PassthroughOptions {
  std::uint32_t queue_depth = 0;     // 0: what the kernel says the device can take
  std::uint32_t transfer_bytes = 0;  // the longest transfer of one command; 0: what the kernel says
  std::chrono::seconds timeout{0};   // of every command; 0: by the kind of command
  GenericInterface interface = GenericInterface::best;
};

// Opens a real SCSI device, by any of its names ("/dev/sda", "/dev/nst0", "/dev/sg3", "/dev/bsg/0:0:0:0", a link in
// /dev/disk/by-id, "0:0:0:0"), and asks it what it is. An empty drive is opened; a device that says nothing is not.
// A device that is a logical unit already, by whatever name or path, is refused. On a data shard; takes as long as the
// device takes to answer a handful of commands.
Task<Result<std::unique_ptr<DeviceServer>, OpenFault>> open_passthrough(Shard& shard, PassthroughHost host,
                                                                        std::string path, PassthroughOptions options);

}  // namespace tgt
