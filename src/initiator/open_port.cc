// SPDX-License-Identifier: Apache-2.0
#include "initiator/open_port.h"

#include "initiator/device_resolver.h"
#include "initiator/generic_port.h"
#include "reactor/blocking_pool.h"
#include "reactor/reactor.h"

namespace tgt {

Task<Result<DeviceLocation, OpenFault>> find_device(Shard& shard, Reactor& reactor, std::string name) {
  const SystemView system;
  co_return co_await reactor.blocking().run(shard, [&] { return DeviceResolver(system).resolve(name); });
}

Task<Result<OpenedPort, OpenFault>> open_port(Shard& shard, Reactor& reactor, DeviceLocation location,
                                              PortOptions options, Log log) {
  // These do one thing after the other: what the kernel would queue for them cannot be taken back.
  const bool sequential =
      location.type == PeripheralDeviceType::tape || location.type == PeripheralDeviceType::medium_changer;
  if (options.interface == GenericInterface::best && location.asked_for == location.bsg_node) {
    options.interface = GenericInterface::bsg;
  }
  const GenericPort::Options port_options{.queue_depth = sequential ? 1 : options.queue_depth,
                                          .transfer_bytes = options.transfer_bytes,
                                          .interface = options.interface};
  auto port = co_await GenericPort::open(shard, reactor, std::move(location), port_options, std::move(log));
  if (!port) co_return failure(port.error());
  co_return OpenedPort{std::move(*port), reactor.shard_count()};
}

}  // namespace tgt
