// SPDX-License-Identifier: Apache-2.0
#include "core/report_target_port_groups.h"

#include <vector>

#include "base/big_endian.h"
#include "core/nexus.h"
#include "core/target.h"
#include "scsi/parameter_writer.h"

namespace tgt {
namespace {

struct GroupDescriptor {
  std::uint8_t preference_and_state = 0;  // PREF in bit 7
  std::uint8_t supported_states = 0xcf;   // all but logical block dependent
  be16 target_port_group{};
  std::uint8_t reserved = 0;
  std::uint8_t status_code = 0;
  std::uint8_t vendor_specific = 0;
  std::uint8_t target_port_count = 0;
};
static_assert(WireStruct<GroupDescriptor> && sizeof(GroupDescriptor) == 8);

struct PortDescriptor {
  be16 obsolete{};
  be16 relative_target_port_identifier{};
};
static_assert(WireStruct<PortDescriptor> && sizeof(PortDescriptor) == 4);

struct ExtendedHeader {
  std::uint8_t format = 0x10;
  std::uint8_t implicit_transition_time = 0;  // not told
  be16 reserved{};
};
static_assert(WireStruct<ExtendedHeader> && sizeof(ExtendedHeader) == 4);

constexpr std::uint64_t length_only = 0;
constexpr std::uint64_t extended = 1;
constexpr std::size_t most_ports = 255;

// Where the administrator made no group all ports are one. A port whose last portal has gone takes nobody new.
std::vector<TargetPortGroup> groups_for(const Nexus& nexus) {
  const Target& target = nexus.target();
  const std::uint16_t own = nexus.properties().relative_target_port;
  std::vector<TargetPortGroup> groups = target.port_groups().list();
  if (groups.empty()) groups.push_back({.ports = target.ports()});
  for (TargetPortGroup& group : groups) {
    std::erase_if(group.ports, [&](std::uint16_t port) { return port != own && !target.has_port(port); });
  }
  std::erase_if(groups, [](const TargetPortGroup& group) { return group.ports.empty(); });
  return groups;
}

void append(ParameterWriter& writer, const TargetPortGroup& group) {
  const std::size_t count = std::min(group.ports.size(), most_ports);
  writer.append(GroupDescriptor{.preference_and_state = static_cast<std::uint8_t>((group.preferred ? 0x80u : 0u) |
                                                                                  static_cast<unsigned>(group.state)),
                                .target_port_group = group.id,
                                .status_code = static_cast<std::uint8_t>(group.change),
                                .target_port_count = static_cast<std::uint8_t>(count)});
  for (std::size_t i = 0; i < count; ++i) {
    writer.append(PortDescriptor{.relative_target_port_identifier = group.ports[i]});
  }
}

}  // namespace

Reply ReportTargetPortGroups::run(DeviceServer&, Command& command) {
  const std::uint64_t format = command[parameter_data_format];
  if (format != length_only && format != extended) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_data_format));
  }
  const std::vector<TargetPortGroup> groups = groups_for(command.nexus());
  std::size_t room = sizeof(be32) + sizeof(ExtendedHeader);
  for (const TargetPortGroup& group : groups) {
    room += sizeof(GroupDescriptor) + group.ports.size() * sizeof(PortDescriptor);
  }
  auto buffer = command.allocate_data_in(room);
  if (!buffer) return Reply::check_condition(buffer.error());
  ParameterWriter writer(buffer->first(room));
  writer.append(be32(0));
  if (format == extended) writer.append(ExtendedHeader{});
  for (const TargetPortGroup& group : groups) append(writer, group);
  const std::size_t length = writer.length();
  writer.replace(0, be32(static_cast<std::uint32_t>(length - sizeof(be32))));
  return Reply::data_in(std::move(*buffer), length);
}

}  // namespace tgt
