// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tgt {

// An IP address with a TCP port.
class Endpoint {
 public:
  // "192.0.2.1:3260", "[fe80::1%eth0]:3260", "[::]:3260"; without a port `default_port` is used. Numeric addresses
  // only: a name server is never asked. Nothing when the text is no address.
  static std::optional<Endpoint> parse(std::string_view text, std::uint16_t default_port);

  // "192.0.2.1" or "2001:db8::1", without brackets.
  std::string address_text() const;
  // "192.0.2.1:3260" or "[2001:db8::1]:3260".
  std::string text() const;
  bool is_ipv6() const;
  std::uint16_t port() const;
  // The address in network order: 4 or 16 bytes. IPv4 mapped into IPv6 counts as IPv4.
  std::array<std::uint8_t, 16> address_bytes(unsigned& length) const;

  // For the reactor: a sockaddr_storage's bytes.
  const void* native() const { return storage_.data(); }
  unsigned native_length() const { return length_; }
  static Endpoint from_native(const void* address, unsigned length);

 private:
  alignas(8) std::array<std::uint8_t, 128> storage_{};
  unsigned length_ = 0;
};

}  // namespace tgt
