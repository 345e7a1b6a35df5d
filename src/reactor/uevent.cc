// SPDX-License-Identifier: Apache-2.0
#include "reactor/uevent.h"

namespace tgt {

std::string_view Uevent::value(std::string_view key) const {
  for (const auto& [name, text] : values) {
    if (name == key) return text;
  }
  return {};
}

// "action@devpath\0KEY=value\0KEY=value\0...".
std::optional<Uevent> Uevent::parse(Bytes message) {
  std::string_view rest(reinterpret_cast<const char*>(message.data()), message.size());
  const std::size_t header_end = rest.find('\0');
  if (header_end == std::string_view::npos) return std::nullopt;
  if (rest.substr(0, header_end).find('@') == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(header_end + 1);
  Uevent event;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    event.values.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return event;
}

}  // namespace tgt
