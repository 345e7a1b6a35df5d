// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "base/big_endian.h"
#include "base/bytes.h"

namespace tgt {

// Text as INQUIRY data holds it: ASCII, left-aligned, filled with spaces, cut when too long.
template <std::size_t Width>
struct InquiryText {
  std::array<char, Width> characters{};
  constexpr InquiryText() { characters.fill(' '); }
  constexpr InquiryText(std::string_view text) : InquiryText() {  // NOLINT(google-explicit-constructor): it is text
    for (std::size_t i = 0; i < text.size() && i < Width; ++i) characters[i] = text[i];
  }
};

// VERSION DESCRIPTOR values (SPC-6, 6.7.2): the standards without a year.
namespace version_descriptor {
inline constexpr std::uint16_t sam_5 = 0x00a0;
inline constexpr std::uint16_t spc_4 = 0x0460;
inline constexpr std::uint16_t sbc_3 = 0x04c0;
inline constexpr std::uint16_t ssc_4 = 0x0520;
inline constexpr std::uint16_t smc_3 = 0x0480;
inline constexpr std::uint16_t mmc_6 = 0x04e0;
inline constexpr std::uint16_t scc_2 = 0x01e0;
inline constexpr std::uint16_t iscsi = 0x0960;
}  // namespace version_descriptor

// Standard INQUIRY data (SPC-6, 6.7.2), up to the version descriptors.
struct StandardInquiryData {
  std::uint8_t qualifier_and_type = 0;       // PERIPHERAL QUALIFIER in bits 7 to 5
  std::uint8_t removable_medium = 0;         // RMB in bit 7
  std::uint8_t version = 0x06;               // SPC-4
  std::uint8_t response_data_format = 0x12;  // format 2, HISUP: LUNs may be hierarchical
  std::uint8_t additional_length = 69;
  std::uint8_t flags_5 = 0;     // TPGS in bits 5 and 4, 3PC in bit 3, PROTECT in bit 0
  std::uint8_t flags_6 = 0;     // ENCSERV in bit 6, MULTIP in bit 4
  std::uint8_t flags_7 = 0x02;  // CMDQUE
  InquiryText<8> vendor_identification{};
  InquiryText<16> product_identification{};
  InquiryText<4> product_revision_level{};
  std::array<std::uint8_t, 20> vendor_specific{};
  std::array<std::uint8_t, 2> reserved{};
  std::array<be16, 8> version_descriptors{};
};
static_assert(WireStruct<StandardInquiryData> && sizeof(StandardInquiryData) == 74);

// TPGS of byte 5: both the target and SET TARGET PORT GROUPS change asymmetric access states.
inline constexpr std::uint8_t implicit_and_explicit_port_groups = 0x30;

// PERIPHERAL QUALIFIER, as the top three bits of byte 0.
enum class PeripheralQualifier : std::uint8_t {
  connected = 0x00,
  not_connected = 0x20,
  not_supported = 0x60,  // with type 1Fh: there is no such logical unit
};
constexpr std::uint8_t qualifier_and_type(PeripheralQualifier qualifier, std::uint8_t type) {
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(qualifier) | (type & 0x1f));
}

}  // namespace tgt
