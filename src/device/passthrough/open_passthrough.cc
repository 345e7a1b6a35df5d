// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/open_passthrough.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "device/passthrough/devices_in_use.h"
#include "device/passthrough/inspection.h"
#include "device/passthrough/passthrough_device.h"
#include "initiator/open_port.h"

namespace tgt {

namespace {

using Opened = Result<std::unique_ptr<DeviceServer>, OpenFault>;

OpenFault no_answer(const std::string& path, const DeviceLocation& location, const std::string& why) {
  return {OpenFault::Kind::not_responding,
          fmt::format("{}: {} (SCSI device {}, state {}) does not answer INQUIRY: {}. Is it switched on, and does "
                      "`sg_inq {}` work?",
                      printable(path), location.generic_node, location.address, location.state, why,
                      location.generic_node)};
}

OpenFault in_use(const std::string& path, const DeviceLocation& location, const std::string& as) {
  return {
      OpenFault::Kind::busy,
      fmt::format("{}: {} (SCSI device {}) is a logical unit already, as {}. One device cannot be two: their "
                  "initiators would not see each other's reservations. Let them use that logical unit, or remove it "
                  "first",
                  printable(path), location.generic_node, location.address, printable(as))};
}

// By what a device is known to be the same one: its place, and the name that is its own in the whole world. The names
// that vendors make up are not always unique.
std::vector<std::string> names_of(const DeviceLocation& location, const DeviceFacts& facts) {
  const bool world_wide = facts.unit_name.starts_with("naa.") || facts.unit_name.starts_with("eui.");
  return {location.address, world_wide ? facts.unit_name : std::string()};
}

}  // namespace

Task<Opened> open_passthrough(Shard& shard, PassthroughHost host, std::string path, PassthroughOptions options) {
  const PortOptions port_options{
      .queue_depth = options.queue_depth, .transfer_bytes = options.transfer_bytes, .interface = options.interface};
  auto opened = co_await open_port(shard, host.reactor, path, port_options, host.log);
  if (!opened) co_return failure(opened.error());
  const DeviceLocation& location = opened->location;
  auto facts = co_await inspect_device(shard, *opened->port);
  if (!facts) {
    co_await opened->port->close(shard);
    co_return failure(no_answer(path, location, facts.error()));
  }
  auto hold = host.in_use.take(names_of(location, *facts), path);
  if (!hold) {
    co_await opened->port->close(shard);
    co_return failure(in_use(path, location, hold.error()));
  }
  if (options.timeout != std::chrono::seconds(0)) facts->timeouts.fix(options.timeout);
  host.log.info(
      "{}: passing through {} (SCSI device {}): {} {}, {} commands at once, {} KiB a command, {} own timeouts",
      printable(path), opened->port->identity().node, location.address, printable(facts->vendor),
      printable(facts->product), opened->port->limits().queue_depth, opened->port->limits().transfer_bytes / 1024,
      facts->timeouts.learned());
  std::unique_ptr<DeviceServer> device =
      std::make_unique<PassthroughDevice>(PassthroughDevice::Parts{.port = std::move(opened->port),
                                                                   .facts = std::move(*facts),
                                                                   .path = std::move(path),
                                                                   .data_shards = opened->data_shards,
                                                                   .opened = shard.now(),
                                                                   .hold = std::move(*hold)},
                                          std::move(host.log));
  co_return device;
}

}  // namespace tgt
