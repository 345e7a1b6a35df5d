// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "core/command.h"
#include "scsi/parameter_writer.h"
#include "scsi/vital_product_data.h"

namespace tgt {

class PrimaryDevice;

// One VPD page of a device type: its code, and what writes that which follows the page header.
struct VitalProductDataPage {
  std::uint8_t code = 0;
  void (*write)(const PrimaryDevice&, const Command&, ParameterWriter&) = nullptr;
};

// The pages of a device type, each a struct with `page` and `write(const Device&, const Command&, ParameterWriter&)`,
// in ascending order.
template <class Device, class... Pages>
consteval std::array<VitalProductDataPage, sizeof...(Pages)> vital_product_data_pages() {
  const std::array<VitalProductDataPage, sizeof...(Pages)> pages{
      VitalProductDataPage{static_cast<std::uint8_t>(Pages::page),
                           [](const PrimaryDevice& device, const Command& command, ParameterWriter& writer) {
                             Pages::write(static_cast<const Device&>(device), command, writer);
                           }}...};
  for (std::size_t i = 1; i < pages.size(); ++i) {
    if (pages[i - 1].code >= pages[i].code) throw "VPD pages stand in ascending order";
  }
  return pages;
}

}  // namespace tgt
