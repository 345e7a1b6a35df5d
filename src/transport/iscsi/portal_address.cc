// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/portal_address.h"

namespace tgt {

std::optional<PortalAddress> PortalAddress::parse(std::string_view text) {
  constexpr std::uint16_t iscsi_port = 3260;
  const std::size_t sign = text.find('@');
  const auto at = Endpoint::parse(text.substr(0, sign), iscsi_port);
  if (!at) return std::nullopt;
  if (sign == std::string_view::npos) return PortalAddress{*at, {}};
  const auto advertised = Endpoint::parse(text.substr(sign + 1), iscsi_port);
  if (!advertised) return std::nullopt;
  return PortalAddress{*at, advertised->text()};
}

}  // namespace tgt
