// SPDX-License-Identifier: Apache-2.0
#include "scsi/transport_id.h"

#include <algorithm>

#include "base/big_endian.h"

namespace tgt {
namespace {

constexpr std::uint8_t protocol_iscsi = 0x05;
constexpr std::uint8_t format_device_name = 0x00;
constexpr std::uint8_t format_port_name = 0x40;
constexpr std::string_view separator = ",i,0x";
constexpr std::size_t shortest_list = 20;  // ADDITIONAL LENGTH, at least
constexpr std::size_t longest_name = 223;  // RFC 7143, 4.2.7.1

struct Header {
  std::uint8_t format_and_protocol = 0;
  std::uint8_t reserved = 0;
  be16 additional_length{};
};
static_assert(WireStruct<Header> && sizeof(Header) == 4);

std::optional<std::uint8_t> value_of(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::uint8_t>(digit - 'A' + 10);
  return std::nullopt;
}

std::optional<std::array<std::uint8_t, 6>> isid_of(std::string_view digits) {
  std::array<std::uint8_t, 6> isid{};
  if (digits.size() != 2 * isid.size()) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto value = value_of(digits[i]);
    if (!value) return std::nullopt;
    isid[i / 2] = static_cast<std::uint8_t>((isid[i / 2] << 4) | *value);
  }
  return isid;
}

// The name and ISID of the text of a TransportID, which ends at its first null character.
std::optional<IscsiTransportId> id_of(std::string_view text, bool with_port) {
  text = text.substr(0, text.find('\0'));
  IscsiTransportId id;
  if (!with_port) {
    id.name = text;
  } else {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    id.isid = isid_of(text.substr(at + separator.size()));
    if (!id.isid) return std::nullopt;
    id.name = text.substr(0, at);
  }
  if (id.name.empty() || id.name.size() > longest_name) return std::nullopt;
  return id;
}

}  // namespace

std::string iscsi_port_name(std::string_view name, const std::array<std::uint8_t, 6>& isid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(name);
  text += separator;
  for (const std::uint8_t byte : isid) {
    text += digits[byte >> 4];
    text += digits[byte & 0x0f];
  }
  return text;
}

std::vector<std::uint8_t> IscsiTransportId::encode() const {
  const std::string text = isid ? iscsi_port_name(name, *isid) : name;
  const std::size_t padded = std::max(shortest_list, (text.size() + 1 + 3) / 4 * 4);
  const Header header{
      .format_and_protocol = static_cast<std::uint8_t>((isid ? format_port_name : format_device_name) | protocol_iscsi),
      .additional_length = static_cast<std::uint16_t>(padded)};
  std::vector<std::uint8_t> bytes(sizeof header + padded);
  copy_bytes(bytes_of(header), bytes);
  std::copy(text.begin(), text.end(), bytes.begin() + sizeof header);
  return bytes;
}

std::optional<IscsiTransportId::Decoded> IscsiTransportId::decode(Bytes from) {
  const auto header = read_wire<Header>(from);
  if (!header || (header->format_and_protocol & 0x0f) != protocol_iscsi) return std::nullopt;
  const std::uint8_t format = header->format_and_protocol & 0xc0;
  if (format != format_device_name && format != format_port_name) return std::nullopt;
  const std::size_t length = header->additional_length;
  if (length < shortest_list || length % 4 != 0 || length > from.size() - sizeof *header) return std::nullopt;
  const Bytes text = from.subspan(sizeof *header, length);
  auto id = id_of({reinterpret_cast<const char*>(text.data()), text.size()}, format == format_port_name);
  if (!id) return std::nullopt;
  return Decoded{.id = std::move(*id), .length = sizeof *header + length};
}

}  // namespace tgt
