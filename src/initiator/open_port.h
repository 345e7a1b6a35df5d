// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "initiator/device_location.h"
#include "initiator/generic_interface.h"
#include "initiator/initiator_port.h"
#include "initiator/open_fault.h"

namespace tgt {

class Reactor;

struct PortOptions {
  std::uint32_t queue_depth = 0;                        // 0: what the kernel says; of tapes and changers one
  std::uint32_t transfer_bytes = 0;                     // 0: what the kernel says
  GenericInterface interface = GenericInterface::best;  // if best, a /dev/bsg name asks for bsg
};

// Finds the device that a name stands for. Does not touch it. On a data shard.
Task<Result<DeviceLocation, OpenFault>> find_device(Shard& shard, Reactor& reactor, std::string name);

struct OpenedPort {
  std::unique_ptr<InitiatorPort> port;
  unsigned data_shards = 1;  // how many there are that may use it
};

// Opens the best way to a device that this kernel has. On a data shard.
Task<Result<OpenedPort, OpenFault>> open_port(Shard& shard, Reactor& reactor, DeviceLocation location,
                                              PortOptions options, Log log);

}  // namespace tgt
