// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/open_passthrough.h"

#include <fmt/format.h>

#include <utility>

#include "device/passthrough/devices_in_use.h"
#include "device/passthrough/inspection.h"
#include "device/passthrough/passthrough_device.h"
#include "initiator/open_port.h"

namespace tgt {

namespace {

using Opened = Result<std::unique_ptr<DeviceServer>, OpenFault>;

OpenFault no_answer(const DeviceLocation& location, const std::string& why) {
  return {OpenFault::Kind::not_responding,
          fmt::format("{}: {} (SCSI device {}, state {}) does not answer INQUIRY: {}. Is it switched on, and does "
                      "`sg_inq {}` work?",
                      printable(location.asked_for), location.generic_node, location.address, location.state, why,
                      location.generic_node)};
}

OpenFault in_use_already(const DeviceLocation& location, const std::string& as) {
  return {
      OpenFault::Kind::busy,
      fmt::format("{}: {} (SCSI device {}) is a logical unit already, as {}. One device cannot be two: their "
                  "initiators would not see each other's reservations. Let them use that logical unit, or remove it "
                  "first",
                  printable(location.asked_for), location.generic_node, location.address, printable(as))};
}

// Of the names that a device tells those are its own in the whole world; what vendors make up is not always unique.
bool is_world_wide(const std::string& unit_name) {
  return unit_name.starts_with("naa.") || unit_name.starts_with("eui.");
}

// Asks it what it is. If it is in use by another path it tells us here only what nobody is told there.
Task<Result<DeviceFacts, OpenFault>> learn(Shard& shard, InitiatorPort& port, DevicesInUse::Hold& hold,
                                           const DeviceLocation& location) {
  auto facts = co_await inspect_device(shard, port);
  if (!facts) co_return failure(no_answer(location, facts.error()));
  if (is_world_wide(facts->unit_name)) {
    const auto taken = hold.take_too(facts->unit_name);
    if (!taken) co_return failure(in_use_already(location, taken.error()));
  }
  co_return std::move(*facts);
}

}  // namespace

Task<Opened> open_passthrough(Shard& shard, PassthroughHost host, std::string path, PassthroughOptions options) {
  auto location = co_await find_device(shard, host.reactor, path);
  if (!location) co_return failure(location.error());
  // Before anything reaches it: whoever uses it would miss the unit attentions that opening it takes.
  auto hold = host.in_use.take(location->address, path);
  if (!hold) co_return failure(in_use_already(*location, hold.error()));
  const PortOptions port_options{
      .queue_depth = options.queue_depth, .transfer_bytes = options.transfer_bytes, .interface = options.interface};
  auto opened = co_await open_port(shard, host.reactor, *location, port_options, host.log);
  if (!opened) co_return failure(opened.error());
  auto facts = co_await learn(shard, *opened->port, *hold, *location);
  if (!facts) {
    co_await opened->port->close(shard);
    co_return failure(facts.error());
  }
  if (options.timeout != std::chrono::seconds(0)) facts->timeouts.fix(options.timeout);
  host.log.info(
      "{}: passing through {} (SCSI device {}): {} {}, {} commands at once, {} KiB a command, {} own timeouts",
      printable(path), opened->port->identity().node, location->address, printable(facts->vendor),
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
