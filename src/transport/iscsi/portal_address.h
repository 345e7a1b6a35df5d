// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "reactor/endpoint.h"

namespace tgt {

// Where a portal listens, and what discovery says instead when initiators reach it by another address.
struct PortalAddress {
  Endpoint at;
  std::string advertised;  // "203.0.113.5:3260"; empty: the address that the initiator came to

  // "ADDRESS[:PORT][@ADVERTISED[:PORT]]", port 3260 by default; numeric addresses only.
  static std::optional<PortalAddress> parse(std::string_view text);
};

}  // namespace tgt
