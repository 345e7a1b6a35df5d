// SPDX-License-Identifier: Apache-2.0
#include "device/primary/device_identification.h"

#include <fmt/format.h>

#include "core/nexus.h"
#include "core/target.h"

namespace tgt {
namespace {

using namespace vital_product_data;

void append(ParameterWriter& writer, const DesignatorHeader& header, Bytes designator) {
  writer.append(header);
  writer.append(designator);
}

Bytes bytes_of_text(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// UTF-8, ended by a null byte and filled to a multiple of four (SPC-6, 7.7.6.11).
std::string name_string(std::string text) {
  text.resize(text.size() / 4 * 4 + 4, '\0');
  return text;
}

}  // namespace

void append_logical_unit_designators(const Identity& identity, ParameterWriter& writer) {
  using enum DesignatorType;
  constexpr auto unit = Association::logical_unit;
  const be64 naa_identifier = identity.naa_identifier();
  append(writer, designator_header(unit, naa, CodeSet::binary, sizeof naa_identifier), bytes_of(naa_identifier));

  const InquiryText<8> vendor{std::string_view(identity.vendor)};
  const std::string vendor_based = std::string(vendor.characters.begin(), vendor.characters.end()) + identity.scsi_id;
  const auto length = static_cast<std::uint8_t>(vendor_based.size());
  append(writer, designator_header(unit, t10_vendor_id, CodeSet::ascii, length), bytes_of_text(vendor_based));

  const std::string text = name_string(fmt::format("naa.{:016X}", std::uint64_t{naa_identifier}));
  const auto text_length = static_cast<std::uint8_t>(text.size());
  append(writer, designator_header(unit, scsi_name_string, CodeSet::utf_8, text_length), bytes_of_text(text));
}

namespace {

void append_port(const Nexus& nexus, ParameterWriter& writer) {
  using enum DesignatorType;
  constexpr auto port = Association::target_port;
  const std::uint16_t relative_port = nexus.properties().relative_target_port;
  const PortNumber number{.number = relative_port};
  append(writer, iscsi_designator_header(port, relative_target_port, CodeSet::binary, sizeof number), bytes_of(number));
  const PortNumber group{.number = nexus.target().port_groups().group_of(relative_port)};
  append(writer, iscsi_designator_header(port, target_port_group, CodeSet::binary, sizeof group), bytes_of(group));

  const std::string& target_name = nexus.target().name();
  DeviceIdentification::append_port_name(target_name, relative_port, writer);

  const std::string device_name = name_string(target_name);
  const auto device_length = static_cast<std::uint8_t>(device_name.size());
  append(writer, iscsi_designator_header(Association::target_device, scsi_name_string, CodeSet::utf_8, device_length),
         bytes_of_text(device_name));
}

}  // namespace

void DeviceIdentification::append_port_name(const std::string& target_name, std::uint16_t port,
                                            ParameterWriter& writer) {
  const std::string name = name_string(fmt::format("{},t,0x{:04x}", target_name, port));
  const auto header = iscsi_designator_header(Association::target_port, DesignatorType::scsi_name_string,
                                              CodeSet::utf_8, static_cast<std::uint8_t>(name.size()));
  append(writer, header, bytes_of_text(name));
}

void DeviceIdentification::write(const PrimaryDevice& device, const Command& command, ParameterWriter& writer) {
  append_logical_unit_designators(device.identity(), writer);
  if (command.nexus().target().driver() == "iscsi") append_port(command.nexus(), writer);
}

}  // namespace tgt
