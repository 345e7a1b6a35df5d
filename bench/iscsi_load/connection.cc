// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "iscsi_load/send_queue.h"

namespace tgt::bench {
namespace {

std::unexpected<Fault> system_fault(std::string_view what) {
  return fault(fmt::format("{}: {}", what, std::strerror(errno)));
}

// A reader's sink that keeps one PDU.
class OnePdu final : public PduSink {
 public:
  Result<void> on_data(const BasicHeader& /*header*/, std::uint32_t /*offset*/,
                       std::span<const std::uint8_t> piece) override {
    data_.insert(data_.end(), piece.begin(), piece.end());
    return {};
  }
  Result<void> on_pdu(const BasicHeader& header) override {
    pdu_ = Pdu{.header = header, .data = std::move(data_)};
    return {};
  }
  std::optional<Pdu> take() { return std::exchange(pdu_, std::nullopt); }

 private:
  std::vector<std::uint8_t> data_;
  std::optional<Pdu> pdu_;
};

Result<void> change_blocking(int socket, bool block) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) {
    return system_fault("fcntl");
  }
  return {};
}

timeval to_timeval(double seconds) {
  const auto whole = static_cast<time_t>(seconds);
  return {.tv_sec = whole, .tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(whole)) * 1e6)};
}

}  // namespace

HostAndPort split_portal(std::string_view portal) {
  HostAndPort parts{.host = std::string(portal), .port = "3260"};
  const bool bracketed = portal.starts_with('[');
  const auto host_end = bracketed ? portal.find(']') : portal.find(':');
  if (host_end == std::string_view::npos) return parts;
  parts.host = portal.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  const std::string_view rest = portal.substr(host_end + (bracketed ? 1 : 0));
  if (rest.size() > 1 && rest.front() == ':') parts.port = rest.substr(1);
  return parts;
}

Result<Connection> Connection::open(std::string_view portal, double timeout_seconds) {
  const HostAndPort where = split_portal(portal);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
  if (error != 0) return fault(fmt::format("{}: {}", portal, ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);

  Connection connection(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.socket_ < 0) return system_fault("socket");
  const int on = 1;
  const timeval wait = to_timeval(timeout_seconds);
  ::setsockopt(connection.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(connection.socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  ::setsockopt(connection.socket_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  if (::connect(connection.socket_, found->ai_addr, found->ai_addrlen) != 0) {
    return system_fault(fmt::format("connecting to {}", portal));
  }
  return connection;
}

Connection::Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

Connection::~Connection() {
  if (socket_ >= 0) ::close(socket_);
}

Result<void> Connection::make_non_blocking() { return change_blocking(socket_, false); }
Result<void> Connection::make_blocking() { return change_blocking(socket_, true); }

Result<void> Connection::send(const BasicHeader& header, std::span<const std::uint8_t> data, Digests digests) {
  SendQueue queue(digests);
  queue.push(header, data);
  // The queue never waits; here there is little to send and an empty socket buffer, so one call does it.
  auto sent = queue.flush(socket_);
  if (sent && !queue.empty()) return fault("the target does not read what it is sent");
  return sent;
}

Result<void> Connection::receive_exactly(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got == 0) return fault("the target closed the connection");
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return fault("the target does not answer");
    if (got < 0) return system_fault("receiving failed");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

Result<Pdu> Connection::receive(Digests digests, std::uint32_t max_data_segment_length) {
  PduReader reader(digests, max_data_segment_length);
  OnePdu sink;
  // Exactly what the PDU needs is read, never more: what follows belongs to the next call, or to the session.
  std::vector<std::uint8_t> bytes(basic_header_length + (digests.header ? 4U : 0U));
  auto got = receive_exactly(bytes);
  if (!got) return std::unexpected(got.error());
  BasicHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  auto fed = reader.feed(bytes, sink);
  if (!fed) return std::unexpected(fed.error());
  const std::uint32_t length = header.data_segment_length;
  if (length > 0) {
    bytes.resize(length + padding_of(length) + (digests.data ? 4U : 0U));
    got = receive_exactly(bytes);
    if (!got) return std::unexpected(got.error());
    fed = reader.feed(bytes, sink);
    if (!fed) return std::unexpected(fed.error());
  }
  auto pdu = sink.take();
  if (!pdu) return fault("a PDU that does not end");
  return std::move(*pdu);
}

}  // namespace tgt::bench
