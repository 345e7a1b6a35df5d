// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/unit_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "scsi/vital_product_data.h"

namespace tgt {
namespace {

using namespace vital_product_data;

std::string hexadecimal(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string name_of(DesignatorType type, Bytes designator) {
  std::string text(designator.begin(), designator.end());
  std::erase(text, '\0');
  switch (type) {
    case DesignatorType::naa:
      return "naa." + hexadecimal(designator);
    case DesignatorType::eui_64:
      return "eui." + hexadecimal(designator);
    case DesignatorType::scsi_name_string:
      return text;
    case DesignatorType::t10_vendor_id:
      return "t10." + text;
    default:
      return {};
  }
}

}  // namespace

std::string unit_name_of(Bytes page) {
  constexpr std::array preference{DesignatorType::naa, DesignatorType::eui_64, DesignatorType::scsi_name_string,
                                  DesignatorType::t10_vendor_id};
  const auto header = read_wire<PageHeader>(page);
  if (!header || header->page_code != static_cast<std::uint8_t>(Page::device_identification)) return {};
  Bytes rest = page.subspan(sizeof *header);
  rest = rest.first(std::min<std::size_t>(rest.size(), header->page_length));
  std::array<std::string, preference.size()> names;
  while (const auto designator = read_wire<DesignatorHeader>(rest)) {
    const std::size_t length = designator->designator_length;
    if (sizeof *designator + length > rest.size()) break;
    const auto association = static_cast<Association>((designator->association_and_type >> 4) & 3);
    const auto type = static_cast<DesignatorType>(designator->association_and_type & 0x0f);
    const auto rank = std::ranges::find(preference, type);
    if (association == Association::logical_unit && rank != preference.end() && length != 0) {
      std::string& name = names[static_cast<std::size_t>(rank - preference.begin())];
      if (name.empty()) name = name_of(type, rest.subspan(sizeof *designator, length));
    }
    rest = rest.subspan(sizeof *designator + length);
  }
  const auto best = std::ranges::find_if(names, [](const std::string& name) { return !name.empty(); });
  return best == names.end() ? std::string() : *best;
}

}  // namespace tgt
