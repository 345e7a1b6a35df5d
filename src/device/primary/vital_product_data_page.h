// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "core/command.h"
#include "scsi/parameter_writer.h"
#include "scsi/vital_product_data.h"

namespace tgt {

class PrimaryDevice;

// One VPD page of a device type: its code, whether a device has it, and what writes that which follows the page header.
struct VitalProductDataPage {
  std::uint8_t code = 0;
  bool (*has)(const PrimaryDevice&) = nullptr;
  void (*write)(const PrimaryDevice&, const Command&, ParameterWriter&) = nullptr;
};

// A page struct has `page` and `write(const Device&, const Command&, ParameterWriter&)`; and may have
// `has(const Device&)`, where not every device of the type has it.
template <class Device, class Page>
consteval VitalProductDataPage describe_vital_product_data_page() {
  VitalProductDataPage page{.code = static_cast<std::uint8_t>(Page::page)};
  page.write = [](const PrimaryDevice& device, const Command& command, ParameterWriter& writer) {
    Page::write(static_cast<const Device&>(device), command, writer);
  };
  if constexpr (requires(const Device& device) { Page::has(device); }) {
    page.has = [](const PrimaryDevice& device) { return Page::has(static_cast<const Device&>(device)); };
  } else {
    page.has = [](const PrimaryDevice&) { return true; };
  }
  return page;
}

// The pages of a device type in ascending order.
template <class Device, class... Pages>
consteval std::array<VitalProductDataPage, sizeof...(Pages)> vital_product_data_pages() {
  const std::array<VitalProductDataPage, sizeof...(Pages)> pages{describe_vital_product_data_page<Device, Pages>()...};
  for (std::size_t i = 1; i < pages.size(); ++i) {
    if (pages[i - 1].code >= pages[i].code) throw "VPD pages stand in ascending order";
  }
  return pages;
}

}  // namespace tgt
