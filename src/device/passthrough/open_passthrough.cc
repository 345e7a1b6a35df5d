// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/open_passthrough.h"

#include <fmt/format.h>

#include <utility>

#include "device/passthrough/inspection.h"
#include "device/passthrough/passthrough_device.h"
#include "initiator/open_port.h"

namespace tgt {

Task<Result<std::unique_ptr<DeviceServer>, OpenFault>> open_passthrough(Shard& shard, Reactor& reactor,
                                                                        std::string path, PassthroughOptions options,
                                                                        Log log) {
  const PortOptions port_options{
      .queue_depth = options.queue_depth, .transfer_bytes = options.transfer_bytes, .interface = options.interface};
  auto opened = co_await open_port(shard, reactor, path, port_options, log);
  if (!opened) co_return failure(opened.error());
  auto facts = co_await inspect_device(shard, *opened->port);
  if (!facts) {
    co_await opened->port->close(shard);
    const auto& location = opened->location;
    co_return failure(OpenFault{
        OpenFault::Kind::not_responding,
        fmt::format("{}: {} (SCSI device {}, state {}) does not answer INQUIRY: {}. Is it switched on, and does "
                    "`sg_inq {}` work?",
                    printable(path), location.generic_node, location.address, location.state, facts.error(),
                    location.generic_node)});
  }
  if (options.timeout != std::chrono::seconds(0)) facts->timeouts.fix(options.timeout);
  const auto& location = opened->location;
  log.info("{}: passing through {} (SCSI device {}): {} {}, {} commands at once, {} KiB a command, {} own timeouts",
           printable(path), opened->port->identity().node, location.address, printable(facts->vendor),
           printable(facts->product), opened->port->limits().queue_depth, opened->port->limits().transfer_bytes / 1024,
           facts->timeouts.learned());
  std::unique_ptr<DeviceServer> device =
      std::make_unique<PassthroughDevice>(PassthroughDevice::Parts{.port = std::move(opened->port),
                                                                   .facts = std::move(*facts),
                                                                   .path = std::move(path),
                                                                   .data_shards = opened->data_shards,
                                                                   .opened = shard.now()},
                                          std::move(log));
  co_return device;
}

}  // namespace tgt
