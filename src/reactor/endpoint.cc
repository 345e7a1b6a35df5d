// SPDX-License-Identifier: Apache-2.0
#include "reactor/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>

namespace tgt {
namespace {

struct Parts {
  std::string address;
  std::string scope;
  std::uint16_t port;
  bool bracketed;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// Tells address, scope and port apart; whether the address is one is not looked at.
std::optional<Parts> split(std::string_view text, std::uint16_t default_port) {
  Parts parts{.address = {}, .scope = {}, .port = default_port, .bracketed = text.starts_with('[')};
  std::string_view address = text;
  std::string_view port;
  bool has_port = false;
  if (parts.bracketed) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    address = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (text.find(':') == text.rfind(':') && text.find(':') != std::string_view::npos) {
    has_port = true;
    address = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (has_port) {
    const auto number = parse_port(port);
    if (!number) return std::nullopt;
    parts.port = *number;
  }
  const std::size_t percent = address.find('%');
  if (percent != std::string_view::npos) {
    parts.scope = address.substr(percent + 1);
    if (parts.scope.empty()) return std::nullopt;
    address = address.substr(0, percent);
  }
  parts.address = address;
  return parts;
}

std::uint32_t scope_number(const std::string& scope) {
  const std::uint32_t index = ::if_nametoindex(scope.c_str());
  if (index != 0) return index;
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(scope.data(), scope.data() + scope.size(), number);
  return error == std::errc{} && end == scope.data() + scope.size() ? number : 0;
}

template <class Address>
Address copy_of(const void* storage) {
  Address address;
  std::memcpy(&address, storage, sizeof address);
  return address;
}

sa_family_t family_of(const void* storage, unsigned length) {
  if (length < sizeof(sa_family_t)) return AF_UNSPEC;
  return copy_of<sa_family_t>(storage);
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  const auto parts = split(text, default_port);
  if (!parts) return std::nullopt;
  in_addr ipv4{};
  if (!parts->bracketed && parts->scope.empty() && ::inet_pton(AF_INET, parts->address.c_str(), &ipv4) == 1) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(parts->port);
    address.sin_addr = ipv4;
    return from_native(&address, sizeof address);
  }
  sockaddr_in6 address{};
  if (::inet_pton(AF_INET6, parts->address.c_str(), &address.sin6_addr) != 1) return std::nullopt;
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(parts->port);
  if (!parts->scope.empty()) {
    address.sin6_scope_id = scope_number(parts->scope);
    if (address.sin6_scope_id == 0) return std::nullopt;
  }
  return from_native(&address, sizeof address);
}

Endpoint Endpoint::from_native(const void* address, unsigned length) {
  Endpoint endpoint;
  if (length > endpoint.storage_.size()) return endpoint;
  if (length != 0) std::memcpy(endpoint.storage_.data(), address, length);
  endpoint.length_ = length;
  return endpoint;
}

bool Endpoint::is_ipv6() const { return family_of(native(), length_) == AF_INET6; }

std::uint16_t Endpoint::port() const {
  if (is_ipv6()) return ntohs(copy_of<sockaddr_in6>(native()).sin6_port);
  if (family_of(native(), length_) == AF_INET) return ntohs(copy_of<sockaddr_in>(native()).sin_port);
  return 0;
}

std::string Endpoint::address_text() const {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (family_of(native(), length_) == AF_INET) {
    const auto address = copy_of<sockaddr_in>(native());
    ::inet_ntop(AF_INET, &address.sin_addr, buffer, sizeof buffer);
    return buffer;
  }
  if (!is_ipv6()) return {};
  const auto address = copy_of<sockaddr_in6>(native());
  ::inet_ntop(AF_INET6, &address.sin6_addr, buffer, sizeof buffer);
  std::string text = buffer;
  if (address.sin6_scope_id != 0) {
    char name[IF_NAMESIZE] = {};
    const bool named = ::if_indextoname(address.sin6_scope_id, name) != nullptr;
    text += '%' + (named ? std::string(name) : std::to_string(address.sin6_scope_id));
  }
  return text;
}

std::string Endpoint::text() const {
  const std::string address = is_ipv6() ? '[' + address_text() + ']' : address_text();
  return address + ':' + std::to_string(port());
}

std::array<std::uint8_t, 16> Endpoint::address_bytes(unsigned& length) const {
  std::array<std::uint8_t, 16> bytes{};
  length = 0;
  if (family_of(native(), length_) == AF_INET) {
    const auto address = copy_of<sockaddr_in>(native());
    length = 4;
    std::memcpy(bytes.data(), &address.sin_addr, length);
  } else if (is_ipv6()) {
    const auto address = copy_of<sockaddr_in6>(native());
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&address.sin6_addr) != 0;
    length = mapped ? 4 : 16;
    std::memcpy(bytes.data(), reinterpret_cast<const std::uint8_t*>(&address.sin6_addr) + (mapped ? 12 : 0), length);
  }
  return bytes;
}

}  // namespace tgt
