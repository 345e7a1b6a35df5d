// SPDX-License-Identifier: Apache-2.0
#include "management/port_group_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace tgt {
namespace {

constexpr unsigned highest_identifier = 0xffff;

struct StateWord {
  std::string_view word;
  AsymmetricAccessState state;
};
constexpr std::array state_words{StateWord{"active/optimized", AsymmetricAccessState::active_optimized},
                                 StateWord{"active/non-optimized", AsymmetricAccessState::active_non_optimized},
                                 StateWord{"standby", AsymmetricAccessState::standby},
                                 StateWord{"unavailable", AsymmetricAccessState::unavailable},
                                 StateWord{"offline", AsymmetricAccessState::offline},
                                 StateWord{"transitioning", AsymmetricAccessState::transitioning}};

std::optional<std::uint16_t> identifier(std::string_view text) {
  const auto number = parse_decimal(text);
  if (!number || *number == 0 || *number > highest_identifier) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<std::vector<std::uint16_t>> port_list(std::string_view text) {
  std::vector<std::uint16_t> ports;
  for (const std::string_view item : split(text, '+')) {
    const auto port = identifier(item);
    if (!port || std::ranges::find(ports, *port) != ports.end()) return std::nullopt;
    ports.push_back(*port);
  }
  if (ports.empty() || text.ends_with('+')) return std::nullopt;
  std::ranges::sort(ports);
  return ports;
}

// One `name=value`. False: it is not one.
bool apply(PortGroupChange& change, std::string_view item) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
  if (name == "state") {
    const auto known = std::ranges::find(state_words, value, &StateWord::word);
    if (known == state_words.end()) return false;
    change.group.state = known->state;
    return true;
  }
  if (name == "preferred") {
    change.group.preferred = value == "1";
    return value == "0" || value == "1";
  }
  if (name != "ports") return false;
  auto ports = port_list(value);
  if (!ports) return false;
  change.group.ports = std::move(*ports);
  return true;
}

}  // namespace

Result<PortGroupChange, std::string> parse_port_group(std::string_view text,
                                                      const std::vector<std::uint16_t>& all_ports,
                                                      const std::vector<TargetPortGroup>& groups) {
  const std::string_view number = text.substr(0, text.find(':'));
  const auto id = identifier(number);
  if (!id) {
    return failure(
        fmt::format("'{}' is no port group; write 1:state=standby:preferred=0:ports=1, or 1:remove", printable(text)));
  }
  const auto there = std::ranges::find(groups, *id, &TargetPortGroup::id);
  PortGroupChange change{.group = {.id = *id, .ports = all_ports}};
  if (there != groups.end()) change.group = *there;
  change.group.change = AsymmetricAccessChange::set_by_target;
  text.remove_prefix(std::min(number.size() + 1, text.size()));
  if (text == "remove") {
    change.removed = true;
    return change;
  }
  for (const std::string_view item : split(text, ':')) {
    if (item.empty() || apply(change, item)) continue;
    return failure(
        fmt::format("port group {}: '{}' is not understood; there are state=active/optimized, "
                    "active/non-optimized, standby, unavailable, offline or transitioning, preferred=0 or 1, "
                    "and ports=1+2",
                    *id, printable(item)));
  }
  return change;
}

std::string port_group_text(const TargetPortGroup& group) {
  const auto known = std::ranges::find(state_words, group.state, &StateWord::state);
  const std::string_view state = known == state_words.end() ? "active/optimized" : known->word;
  return fmt::format("{}:state={}:preferred={}:ports={}", group.id, state, group.preferred ? 1 : 0,
                     fmt::join(group.ports, "+"));
}

}  // namespace tgt
