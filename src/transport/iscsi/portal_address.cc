// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/portal_address.h"

#include "base/text.h"

namespace tgt {

std::optional<PortalAddress> PortalAddress::parse(std::string_view text) {
  constexpr std::uint16_t iscsi_port = 3260;
  std::uint16_t group_tag = 1;
  if (const std::size_t comma = text.find(','); comma != std::string_view::npos) {
    const auto tag = parse_decimal(text.substr(comma + 1));
    if (!tag || *tag == 0 || *tag > 0xffff) return std::nullopt;
    group_tag = static_cast<std::uint16_t>(*tag);
    text = text.substr(0, comma);
  }
  const std::size_t sign = text.find('@');
  const auto at = Endpoint::parse(text.substr(0, sign), iscsi_port);
  if (!at) return std::nullopt;
  if (sign == std::string_view::npos) return PortalAddress{*at, {}, group_tag};
  const auto advertised = Endpoint::parse(text.substr(sign + 1), iscsi_port);
  if (!advertised) return std::nullopt;
  return PortalAddress{*at, advertised->text(), group_tag};
}

}  // namespace tgt
