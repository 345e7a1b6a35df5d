// SPDX-License-Identifier: Apache-2.0
#include "device/primary/report_timestamp.h"

#include "core/itl_nexus.h"
#include "scsi/transport_id.h"

namespace tgt {
namespace {

struct ReportedTimestamp {
  be16 length{10};
  std::uint8_t origin = 0;
  std::uint8_t reserved = 0;
  be48 timestamp{};
  be16 reserved_too{};
};
static_assert(WireStruct<ReportedTimestamp> && sizeof(ReportedTimestamp) == 12);

struct WantedTimestamp {
  be32 reserved{};
  be48 timestamp{};
  be16 reserved_too{};
};
static_assert(WireStruct<WantedTimestamp> && sizeof(WantedTimestamp) == 12);

struct PriorityDescriptor {
  std::uint8_t current_priority = 0;
  std::uint8_t reserved = 0;
  be16 relative_target_port{};
  be16 reserved_too{};
  be16 additional_length{};
};
static_assert(WireStruct<PriorityDescriptor> && sizeof(PriorityDescriptor) == 8);

enum class PriorityReported : std::uint8_t { this_nexus = 0, nexuses_with_one = 1 };

}  // namespace

Reply ReportTimestamp::run(PrimaryDevice& device, Command& command) {
  const DeviceTimestamp::Reading reading = device.timestamp().read(command.shard().now());
  return parameter_data(command, sizeof(ReportedTimestamp), [&](ParameterWriter& writer) {
    writer.append(
        ReportedTimestamp{.origin = static_cast<std::uint8_t>(reading.origin), .timestamp = reading.milliseconds});
  });
}

Task<Reply> SetTimestamp::run(PrimaryDevice& device, Command& command) {
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const auto list = co_await command.parameter_list(std::min<std::uint64_t>(command[parameter_list_length], 12));
  if (!list) co_return Reply::check_condition(list.error());
  const auto wanted = read_wire<WantedTimestamp>(*list);
  if (!wanted) co_return Reply::check_condition(Sense::parameter_list_length_error());
  device.timestamp().set(wanted->timestamp, command.shard().now());
  ItlNexus& itl = command.itl();
  itl.unit().unit_attentions().establish(Sense::timestamp_changed(), &itl);
  co_return Reply::good();
}

Reply ReportPriority::run(PrimaryDevice&, Command& command) {
  const auto wanted = static_cast<PriorityReported>(command[priority_reported]);
  if (wanted > PriorityReported::nexuses_with_one) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(priority_reported));
  }
  const Nexus::Properties& nexus = command.nexus().properties();
  const auto id = IscsiTransportId{.name = nexus.initiator.name, .isid = nexus.initiator.isid}.encode();
  const bool tells_one = wanted == PriorityReported::this_nexus;
  const std::size_t length = tells_one ? sizeof(PriorityDescriptor) + id.size() : 0;
  return parameter_data(command, sizeof(be32) + length, [&](ParameterWriter& writer) {
    writer.append(be32(static_cast<std::uint32_t>(length)));
    if (!tells_one) return;
    writer.append(PriorityDescriptor{.relative_target_port = nexus.relative_target_port,
                                     .additional_length = static_cast<std::uint16_t>(id.size())});
    writer.append(Bytes(id));
  });
}

}  // namespace tgt
