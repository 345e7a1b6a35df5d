// SPDX-License-Identifier: Apache-2.0
#include "reactor/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tgt {
namespace {

// IOV_MAX of Linux.
constexpr std::size_t most_vectors = 1024;

Operation socket_operation(Operation::Kind kind, int descriptor) {
  Operation operation;
  operation.kind = kind;
  operation.descriptor = descriptor;
  return operation;
}

Operation vectored(Operation::Kind kind, int descriptor, std::span<IoVector> vectors) {
  Operation operation = socket_operation(kind, descriptor);
  operation.vectors = vectors.data();
  operation.vector_count = static_cast<unsigned>(std::min(vectors.size(), most_vectors));
  return operation;
}

template <class Name>
Endpoint endpoint_by(Name name, int descriptor) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (name(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return Endpoint::from_native(&storage, length);
}

// Drops what was sent from the front of the list.
std::span<IoVector> without_front(std::span<IoVector> vectors, std::size_t sent) {
  while (!vectors.empty() && sent >= vectors.front().iov_len) {
    sent -= vectors.front().iov_len;
    vectors = vectors.subspan(1);
  }
  if (sent != 0) {
    vectors.front().iov_base = static_cast<std::uint8_t*>(vectors.front().iov_base) + sent;
    vectors.front().iov_len -= sent;
  }
  return vectors;
}

Task<Result<Socket, IoError>> connect_to(Shard& shard, int family, Endpoint to) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return failure(IoError::from_errno(errno));
  Socket socket(shard, descriptor);
  Operation operation = socket_operation(Operation::Kind::connect, descriptor);
  operation.address = to.native();
  operation.address_length = to.native_length();
  const auto connected = co_await IoAwaitable(shard.backend(), operation);
  if (!connected) co_return failure(connected.error());
  co_return std::move(socket);
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    shard_ = other.shard_;
    descriptor_ = std::exchange(other.descriptor_, -1);
    sent_ = other.sent_;
  }
  return *this;
}

Task<Result<Socket, IoError>> Socket::connect(Shard& shard, Endpoint to) {
  return connect_to(shard, to.is_ipv6() ? AF_INET6 : AF_INET, to);
}

Task<Result<Socket, IoError>> Socket::connect_unix(Shard& shard, std::string path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) co_return failure(IoError::from_errno(ENAMETOOLONG));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  auto connected = co_await connect_to(shard, AF_UNIX, Endpoint::from_native(&address, sizeof address));
  co_return std::move(connected);
}

SingleIoAwaitable Socket::receive(MutableBytes bytes) {
  return {shard_->backend(), socket_operation(Operation::Kind::receive, descriptor_), io_vector(bytes)};
}

IoAwaitable Socket::receive(std::span<IoVector> vectors) {
  return {shard_->backend(), vectored(Operation::Kind::receive, descriptor_, vectors)};
}

IoAwaitable Socket::send(std::span<IoVector> vectors) {
  return {shard_->backend(), vectored(Operation::Kind::send, descriptor_, vectors)};
}

Task<Result<void, IoError>> Socket::send_all(std::span<IoVector> vectors) {
  for (vectors = without_front(vectors, 0); !vectors.empty();) {
    const auto sent = co_await send(vectors);
    if (!sent) co_return failure(sent.error());
    sent_ += *sent;
    vectors = without_front(vectors, *sent);
  }
  co_return Result<void, IoError>();
}

std::uint64_t Socket::taken() const { return is_open() ? shard_->backend().taken(descriptor_).value_or(sent_) : sent_; }

void Socket::shutdown() {
  if (is_open()) shard_->backend().shutdown(descriptor_);
}

void Socket::close() {
  if (is_open()) shard_->backend().close(std::exchange(descriptor_, -1));
}

int Socket::release() {
  if (is_open()) shard_->backend().forget(descriptor_);
  return std::exchange(descriptor_, -1);
}

Endpoint Socket::local_endpoint() const { return endpoint_by(::getsockname, descriptor_); }

Endpoint Socket::peer_endpoint() const { return endpoint_by(::getpeername, descriptor_); }

void Socket::set_tcp_options() const {
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

std::optional<Socket::PeerCredentials> Socket::peer_credentials() const {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_DOMAIN, &domain, &length) != 0 || domain != AF_UNIX) return std::nullopt;
  ucred credentials{};
  length = sizeof credentials;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return std::nullopt;
  return PeerCredentials{.user = credentials.uid, .group = credentials.gid};
}

}  // namespace tgt
