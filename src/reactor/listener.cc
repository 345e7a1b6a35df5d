// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reactor/socket.h"

namespace tgt {
namespace {

constexpr int backlog = 1024;
constexpr Duration pause_when_exhausted = 100ms;

Result<Listener, IoError> bind_and_listen(Shard& shard, int descriptor, const Endpoint& at) {
  Listener listener(shard, descriptor);
  const auto* address = static_cast<const sockaddr*>(at.native());
  if (::bind(descriptor, address, at.native_length()) != 0) return failure(IoError::from_errno(errno));
  if (::listen(descriptor, backlog) != 0) return failure(IoError::from_errno(errno));
  return listener;
}

bool is_exhausted(int number) { return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS; }

// A connection that failed before it was taken, not the listening socket: accept(2) lists them.
bool concerns_one_connection(int number) {
  switch (number) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPERM:
    case ETIMEDOUT:
    case EINTR:
    case EAGAIN:
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    close();
    shard_ = other.shard_;
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Result<Listener, IoError> Listener::listen(Shard& shard, const Endpoint& at) {
  const int family = at.is_ipv6() ? AF_INET6 : AF_INET;
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(IoError::from_errno(errno));
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return bind_and_listen(shard, descriptor, at);
}

Result<Listener, IoError> Listener::listen_unix(Shard& shard, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return failure(IoError::from_errno(ENAMETOOLONG));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(IoError::from_errno(errno));
  // The file takes its mode from the socket's inode: nobody else can connect between bind and a later chmod.
  ::fchmod(descriptor, S_IRUSR | S_IWUSR);
  return bind_and_listen(shard, descriptor, Endpoint::from_native(&address, sizeof address));
}

Task<Result<Socket, IoError>> Listener::accept() {
  for (;;) {
    Operation operation;
    operation.kind = Operation::Kind::accept;
    operation.descriptor = descriptor_;
    const auto accepted = co_await IoAwaitable(shard_->backend(), operation);
    if (accepted) co_return Socket(*shard_, static_cast<int>(*accepted));
    const int number = accepted.error().number();
    if (is_exhausted(number)) {
      co_await shard_->sleep(pause_when_exhausted);
    } else if (number == EINVAL) {  // it listens no more
      co_return failure(IoError::from_errno(ECANCELED));
    } else if (!concerns_one_connection(number)) {
      co_return failure(accepted.error());
    }
  }
}

void Listener::shutdown() {
  if (!is_open()) return;
  shard_->backend().shutdown(descriptor_);
  // Not every kind of listening socket wakes a waiting accept by itself.
  shard_->backend().cancel_descriptor(descriptor_);
}

void Listener::close() {
  if (is_open()) shard_->backend().close(std::exchange(descriptor_, -1));
}

Endpoint Listener::local_endpoint() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return Endpoint::from_native(&storage, length);
}

}  // namespace tgt
