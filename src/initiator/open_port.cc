// SPDX-License-Identifier: Apache-2.0
#include "initiator/open_port.h"

#include "initiator/device_resolver.h"
#include "initiator/generic_port.h"
#include "reactor/blocking_pool.h"
#include "reactor/reactor.h"

namespace tgt {

Task<Result<OpenedPort, OpenFault>> open_port(Shard& shard, Reactor& reactor, std::string name, PortOptions options,
                                              Log log) {
  const SystemView system;
  auto location = co_await reactor.blocking().run(shard, [&] { return DeviceResolver(system).resolve(name); });
  if (!location) co_return failure(location.error());
  // These do one thing after the other: what the kernel would queue for them cannot be taken back.
  const bool sequential =
      location->type == PeripheralDeviceType::tape || location->type == PeripheralDeviceType::medium_changer;
  if (options.interface == GenericInterface::best && name == location->bsg_node) {
    options.interface = GenericInterface::bsg;
  }
  const GenericPort::Options port_options{.queue_depth = sequential ? 1 : options.queue_depth,
                                          .transfer_bytes = options.transfer_bytes,
                                          .interface = options.interface};
  auto port = co_await GenericPort::open(shard, reactor, *location, port_options, std::move(log));
  if (!port) co_return failure(port.error());
  co_return OpenedPort{std::move(*port), std::move(*location), reactor.shard_count()};
}

}  // namespace tgt
