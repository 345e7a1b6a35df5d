// SPDX-License-Identifier: Apache-2.0
#include "reactor/uevent_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "reactor/socket.h"

namespace tgt {
namespace {

constexpr unsigned kernel_group = 1;  // group 2 is udev's
// As udev's: a storage network that comes back brings tens of thousands of events at once. Only those that nobody has
// read yet take memory.
constexpr int receive_buffer = 128 << 20;
constexpr std::size_t longest_message = 16384;

// Nothing: a message that is not the kernel's, or none any more.
Result<std::optional<Uevent>, IoError> take_message(int descriptor) {
  std::array<std::uint8_t, longest_message> bytes;
  sockaddr_nl sender{};
  socklen_t length = sizeof sender;
  const ssize_t size =
      ::recvfrom(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &length);
  if (size < 0 && errno == ENOBUFS) return Uevent{.values = {}, .lost_some = true};
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (size < 0) return failure(IoError::from_errno(errno));
  if (sender.nl_pid != 0) return std::nullopt;
  return Uevent::parse(Bytes(bytes).first(static_cast<std::size_t>(size)));
}

}  // namespace

UeventSocket& UeventSocket::operator=(UeventSocket&& other) noexcept {
  if (this != &other) {
    close();
    shard_ = other.shard_;
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Result<UeventSocket, IoError> UeventSocket::open(Shard& shard) {
  UeventSocket events;
  events.shard_ = &shard;
  events.descriptor_ = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  if (events.descriptor_ < 0) return failure(IoError::from_errno(errno));
  // Best effort, the second for those without the right to the first.
  if (::setsockopt(events.descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) != 0) {
    ::setsockopt(events.descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kernel_group;
  if (::bind(events.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(IoError::from_errno(errno));
  }
  return events;
}

Task<Result<Uevent, IoError>> UeventSocket::next() {
  for (;;) {
    Operation operation;
    operation.kind = Operation::Kind::poll_readable;
    operation.descriptor = descriptor_;
    const auto readable = co_await IoAwaitable(shard_->backend(), operation);
    // An overflow shows as an error of the socket; reading it tells which.
    if (!readable && readable.error().kind() != IoError::Kind::no_device) co_return failure(readable.error());
    auto message = take_message(descriptor_);
    if (!message) co_return failure(message.error());
    if (message->has_value()) co_return std::move(**message);
  }
}

void UeventSocket::cancel() {
  if (is_open()) shard_->backend().cancel_descriptor(descriptor_);
}

void UeventSocket::close() {
  if (is_open()) shard_->backend().close(std::exchange(descriptor_, -1));
}

}  // namespace tgt
