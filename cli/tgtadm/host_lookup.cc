// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/host_lookup.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace tgt {

Result<std::uint32_t, std::string> find_host_of_bus(const std::string& bus_and_id, const std::filesystem::path& sysfs) {
  const std::size_t comma = bus_and_id.find(',');
  if (comma == std::string::npos) return failure(fmt::format("'{}' is not of the form bus,id", bus_and_id));
  const std::string bus = bus_and_id.substr(0, comma);
  const std::string id = bus_and_id.substr(comma + 1);
  std::error_code error;
  const auto devices = sysfs / "bus" / bus / "devices";
  if (bus.empty() || !std::filesystem::is_directory(devices, error)) return failure("can't find bus: " + bus);
  for (auto entry = std::filesystem::directory_iterator(devices / id, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    std::uint32_t number = 0;
    if (!name.starts_with("host")) continue;
    const auto parsed = std::from_chars(name.data() + 4, name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size()) return number;
  }
  return failure("can't find host bus number: " + id);
}

}  // namespace tgt
