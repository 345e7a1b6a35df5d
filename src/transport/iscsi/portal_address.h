// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reactor/endpoint.h"

namespace tgt {

// Where a portal listens, and what discovery says instead when initiators reach it by another address.
struct PortalAddress {
  Endpoint at;
  std::string advertised;  // "203.0.113.5:3260"; empty: the address that the initiator came to

  std::uint16_t group_tag = 1;  // target portal group tag: the sessions through it are those of target port `group_tag`

  // "ADDRESS[:PORT][@ADVERTISED[:PORT]][,TAG]", port 3260 by default; numeric addresses only.
  static std::optional<PortalAddress> parse(std::string_view text);
};

}  // namespace tgt
