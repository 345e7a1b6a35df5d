// SPDX-License-Identifier: Apache-2.0
#include "device/primary/inquiry.h"

#include <algorithm>

#include "core/nexus.h"
#include "core/target.h"

namespace tgt {
namespace {

constexpr std::size_t room = 4096;

Reply standard_data(PrimaryDevice& device, Command& command) {
  const Identity identity = device.identity();
  StandardInquiryData data = device.standard_inquiry_data();
  if (command.nexus().target().port_groups().any()) data.flags_5 |= implicit_and_explicit_port_groups;
  data.vendor_identification = std::string_view(identity.vendor);
  data.product_identification = std::string_view(identity.product);
  data.product_revision_level = std::string_view(identity.revision);
  return parameter_data(command, room, [&](ParameterWriter& writer) { writer.append(data); });
}

Reply page(PrimaryDevice& device, Command& command) {
  const auto pages = device.vital_product_data_pages();
  const auto code = static_cast<std::uint8_t>(command[Inquiry::page_code]);
  const auto found = std::ranges::find(pages, code, &VitalProductDataPage::code);
  if (found == pages.end() || !found->has(device))
    return Reply::check_condition(Sense::invalid_field_in_cdb(Inquiry::page_code));
  return parameter_data(command, room, [&](ParameterWriter& writer) {
    vital_product_data::PageHeader header{.qualifier_and_type = qualifier_and_type(
                                              PeripheralQualifier::connected, static_cast<std::uint8_t>(device.type())),
                                          .page_code = code,
                                          .page_length = {}};
    writer.append(header);
    found->write(device, command, writer);
    header.page_length = static_cast<std::uint16_t>(writer.length() - sizeof header);
    writer.replace(0, header);
  });
}

}  // namespace

Reply Inquiry::run(PrimaryDevice& device, Command& command) {
  if (command[enable_vital_product_data] != 0) return page(device, command);
  if (command[page_code] != 0) return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  return standard_data(device, command);
}

}  // namespace tgt
