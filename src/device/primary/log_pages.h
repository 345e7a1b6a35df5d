// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "scsi/log_page.h"
#include "scsi/parameter_writer.h"

namespace tgt {

class PrimaryDevice;

// One log page of a device type: what writes its parameters, and what sets its counters back, if it has any.
struct LogPage {
  std::uint8_t code = 0;
  std::uint8_t subpage = 0;
  bool (*has)(const PrimaryDevice&) = nullptr;
  void (*write)(const PrimaryDevice&, ParameterWriter&) = nullptr;
  void (*reset)(PrimaryDevice&) = nullptr;
};

// A page struct has `page` and `write(const Device&, ParameterWriter&)`; and may have `has(const Device&)`, where not
// every device of the type has it, and `reset(Device&)`.
template <class Device, class Page>
consteval LogPage describe_log_page() {
  LogPage page{.code = static_cast<std::uint8_t>(Page::page)};
  page.write = [](const PrimaryDevice& device, ParameterWriter& writer) {
    Page::write(static_cast<const Device&>(device), writer);
  };
  if constexpr (requires(const Device& device) { Page::has(device); }) {
    page.has = [](const PrimaryDevice& device) { return Page::has(static_cast<const Device&>(device)); };
  } else {
    page.has = [](const PrimaryDevice&) { return true; };
  }
  if constexpr (requires(Device& device) { Page::reset(device); }) {
    page.reset = [](PrimaryDevice& device) { Page::reset(static_cast<Device&>(device)); };
  }
  return page;
}

// The pages of a device type in ascending order; the pages that list the others are not among them.
template <class Device, class... Pages>
consteval std::array<LogPage, sizeof...(Pages)> log_pages() {
  const std::array<LogPage, sizeof...(Pages)> pages{describe_log_page<Device, Pages>()...};
  for (std::size_t i = 1; i < pages.size(); ++i) {
    if (pages[i - 1].code >= pages[i].code) throw "log pages stand in ascending order";
  }
  return pages;
}

}  // namespace tgt
