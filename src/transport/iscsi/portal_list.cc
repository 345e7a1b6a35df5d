// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/portal_list.h"

#include <algorithm>

namespace tgt {
namespace {

bool is_wildcard(const Endpoint& endpoint) {
  unsigned length = 0;
  const auto bytes = endpoint.address_bytes(length);
  return std::all_of(bytes.begin(), bytes.begin() + length, [](std::uint8_t byte) { return byte == 0; });
}

// Nothing: this portal cannot be reached the way the initiator came.
std::string told_to(const IscsiPortalList::Portal& portal, const Endpoint& local) {
  if (!portal.advertised.empty()) return portal.advertised;
  if (!is_wildcard(portal.at)) return portal.at.text();
  if (portal.at.is_ipv6() != local.is_ipv6()) return {};
  const std::string address = local.is_ipv6() ? '[' + local.address_text() + ']' : local.address_text();
  return address + ':' + std::to_string(portal.at.port());
}

bool serves(const IscsiPortalList::Portal& portal, const Endpoint& local) {
  return portal.at.port() == local.port() &&
         (portal.at.text() == local.text() || (is_wildcard(portal.at) && portal.at.is_ipv6() == local.is_ipv6()));
}

}  // namespace

void IscsiPortalList::add(Portal portal) {
  const LockGuard lock(mutex_);
  portals_.push_back(std::move(portal));
}

void IscsiPortalList::remove(const Endpoint& at) {
  const LockGuard lock(mutex_);
  std::erase_if(portals_, [&](const Portal& portal) { return portal.at.text() == at.text(); });
}

std::vector<IscsiPortalList::Portal> IscsiPortalList::list() const {
  const LockGuard lock(mutex_);
  return {portals_.rbegin(), portals_.rend()};
}

std::uint16_t IscsiPortalList::group_tag_of(const Endpoint& local) const {
  const std::vector<Portal> portals = list();
  // The very address before one that stands for all of them.
  const auto is_at = [&](const Portal& portal) { return portal.at.text() == local.text(); };
  auto found = std::ranges::find_if(portals, is_at);
  if (found == portals.end()) {
    found = std::ranges::find_if(portals, [&](const Portal& portal) { return serves(portal, local); });
  }
  return found == portals.end() ? std::uint16_t{1} : found->group_tag;
}

std::vector<std::string> IscsiPortalList::addresses_for(const Endpoint& local) const {
  std::vector<Portal> portals = list();
  const auto serving = std::ranges::find_if(portals, [&](const Portal& portal) { return serves(portal, local); });
  if (serving != portals.end()) std::rotate(portals.begin(), serving, serving + 1);
  std::vector<std::string> addresses;
  for (const Portal& portal : portals) {
    std::string address = told_to(portal, local);
    if (address.empty()) continue;
    address += ',' + std::to_string(portal.group_tag);
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace tgt
