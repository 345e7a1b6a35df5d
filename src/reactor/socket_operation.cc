// SPDX-License-Identifier: Apache-2.0
#include "reactor/socket_operation.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace tgt {
namespace {

template <class Call>
std::int64_t retried(Call call) {
  for (;;) {
    const std::int64_t result = call();
    if (result >= 0) return result;
    if (errno == EWOULDBLOCK) return -EAGAIN;
    if (errno != EINTR) return -errno;
  }
}

void set_blocking(int descriptor, bool blocking) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0) return;
  const int wanted = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (wanted != flags) ::fcntl(descriptor, F_SETFL, wanted);
}

msghdr message_of(const Operation& operation) {
  msghdr message{};
  message.msg_iov = operation.vectors;
  message.msg_iovlen = operation.vector_count;
  return message;
}

// backend_data[0] says that the connection was begun.
std::int64_t try_connect(Operation& operation) {
  if (operation.backend_data[0] == 0) {
    operation.backend_data[0] = 1;
    set_blocking(operation.descriptor, false);
    const auto* address = static_cast<const sockaddr*>(operation.address);
    const std::int64_t begun =
        retried([&] { return ::connect(operation.descriptor, address, operation.address_length); });
    if (begun == -EINPROGRESS) return -EAGAIN;
    set_blocking(operation.descriptor, true);
    return begun;
  }
  pollfd writable{.fd = operation.descriptor, .events = POLLOUT, .revents = 0};
  if (::poll(&writable, 1, 0) <= 0) return -EAGAIN;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(operation.descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  set_blocking(operation.descriptor, true);
  return -error;
}

std::int64_t try_poll(const Operation& operation) {
  pollfd readable{.fd = operation.descriptor, .events = POLLIN, .revents = 0};
  const std::int64_t count = retried([&] { return ::poll(&readable, 1, 0); });
  if (count < 0) return count;
  if (count == 0) return -EAGAIN;
  if ((readable.revents & POLLNVAL) != 0) return -EBADF;
  return (readable.revents & POLLIN) != 0 ? 0 : -ENODEV;
}

}  // namespace

std::int64_t try_socket_operation(Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::accept:
      set_blocking(operation.descriptor, false);
      return retried([&] { return ::accept4(operation.descriptor, nullptr, nullptr, SOCK_CLOEXEC); });
    case Operation::Kind::connect:
      return try_connect(operation);
    case Operation::Kind::receive: {
      msghdr message = message_of(operation);
      return retried([&] { return ::recvmsg(operation.descriptor, &message, MSG_DONTWAIT); });
    }
    case Operation::Kind::send: {
      const msghdr message = message_of(operation);
      return retried([&] { return ::sendmsg(operation.descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
    }
    case Operation::Kind::poll_readable:
      return try_poll(operation);
    case Operation::Kind::read:
    case Operation::Kind::write:
    case Operation::Kind::sync_data:
    case Operation::Kind::deallocate:
    case Operation::Kind::write_zeros:
      break;
  }
  return -EINVAL;
}

std::optional<std::uint64_t> taken_bytes(int descriptor) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  if (length < offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked) return std::nullopt;
  return info.tcpi_bytes_acked;
}

}  // namespace tgt
