// SPDX-License-Identifier: Apache-2.0
#include "core/access_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace tgt {
namespace {

struct Network {
  std::array<std::uint8_t, 16> bytes{};
  unsigned length = 0;  // of the address, 4 or 16
  unsigned prefix = 0;  // bits that count
};

// "[2001:db8::1]" and "2001:db8::1" are the same address.
std::optional<Endpoint> parse_address(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return std::nullopt;
    return Endpoint::parse(text, 0);
  }
  const auto colons = std::ranges::count(text, ':');
  if (colons == 0) return Endpoint::parse(text, 0);
  if (colons == 1) return std::nullopt;  // an address with a port is no rule
  return Endpoint::parse("[" + std::string(text) + "]", 0);
}

std::optional<Network> parse_network(std::string_view rule) {
  const std::size_t slash = rule.find('/');
  const std::optional<Endpoint> address = parse_address(rule.substr(0, slash));
  if (!address) return std::nullopt;
  Network network;
  network.bytes = address->address_bytes(network.length);
  network.prefix = network.length * 8;
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = rule.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc{} || end != digits.data() + digits.size() || prefix > network.prefix) return std::nullopt;
  network.prefix = prefix;
  return network;
}

bool contains(const Network& network, const Endpoint& from) {
  unsigned length = 0;
  const std::array<std::uint8_t, 16> bytes = from.address_bytes(length);
  if (length != network.length) return false;
  for (unsigned bit = 0; bit < network.prefix; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    if (((bytes[bit / 8] ^ network.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool matches(std::string_view rule, const Endpoint& from) {
  if (rule == "ALL") return true;
  const std::optional<Network> network = parse_network(rule);
  return network && contains(*network, from);
}

bool add(std::vector<std::string>& rules, std::string rule) {
  if (std::ranges::find(rules, rule) != rules.end()) return false;
  rules.push_back(std::move(rule));
  return true;
}

bool remove(std::vector<std::string>& rules, std::string_view rule) {
  return std::erase_if(rules, [rule](const std::string& known) { return known == rule; }) != 0;
}

}  // namespace

bool AccessRules::add_address(std::string rule) {
  const LockGuard lock(mutex_);
  ever_changed_ = true;
  return add(addresses_, std::move(rule));
}

bool AccessRules::remove_address(std::string_view rule) {
  const LockGuard lock(mutex_);
  return remove(addresses_, rule);
}

bool AccessRules::add_name(std::string name) {
  const LockGuard lock(mutex_);
  ever_changed_ = true;
  return add(names_, std::move(name));
}

bool AccessRules::remove_name(std::string_view name) {
  const LockGuard lock(mutex_);
  return remove(names_, name);
}

bool AccessRules::admits(const Endpoint& from, std::string_view initiator_name) const {
  const LockGuard lock(mutex_);
  return std::ranges::any_of(addresses_, [&](const std::string& rule) { return matches(rule, from); }) ||
         std::ranges::find(names_, initiator_name) != names_.end();
}

bool AccessRules::ever_changed() const {
  const LockGuard lock(mutex_);
  return ever_changed_;
}

std::vector<std::string> AccessRules::list() const {
  const LockGuard lock(mutex_);
  std::vector<std::string> all = addresses_;
  all.insert(all.end(), names_.begin(), names_.end());
  return all;
}

}  // namespace tgt
