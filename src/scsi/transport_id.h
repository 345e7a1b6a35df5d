// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace tgt {

// The TransportID of an iSCSI initiator port (SPC-6, 7.6.4.7): 45h with its ISID, 05h for every port of the initiator.
struct IscsiTransportId {
  std::string name;
  std::optional<std::array<std::uint8_t, 6>> isid;
  friend bool operator==(const IscsiTransportId&, const IscsiTransportId&) = default;

  std::vector<std::uint8_t> encode() const;
  // The TransportID at the start of `from`, and how many bytes it takes.
  struct Decoded;
  static std::optional<Decoded> decode(Bytes from);
};

struct IscsiTransportId::Decoded {
  IscsiTransportId id;
  std::size_t length = 0;
};

// "iqn.2026-01.example:host,i,0x00023d000001": the name of an initiator port (RFC 7143, 3.4.2).
std::string iscsi_port_name(std::string_view name, const std::array<std::uint8_t, 6>& isid);

}  // namespace tgt
