// SPDX-License-Identifier: Apache-2.0
#include "memory_target/memory_target.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tgt::bench {

struct MemoryTarget::Client {
  Client(int its_socket, MemoryMedium& medium) : socket(its_socket), responder(medium) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket); }

  int socket;
  Responder responder;
};

Result<std::unique_ptr<MemoryTarget>> MemoryTarget::listen(MemoryMedium medium, std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener, generic, length) != 0 || ::listen(listener, SOMAXCONN) != 0 ||
      ::getsockname(listener, generic, &length) != 0) {
    const int error = errno;
    ::close(listener);
    return fault(fmt::format("listening on port {}: {}", port, std::strerror(error)));
  }
  return std::unique_ptr<MemoryTarget>(new MemoryTarget(std::move(medium), listener, ntohs(address.sin_port)));
}

MemoryTarget::MemoryTarget(MemoryMedium medium, int listener, std::uint16_t port)
    : medium_(std::move(medium)),
      listener_(listener),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      port_(port),
      receive_buffer_(std::size_t{256} << 10) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

MemoryTarget::~MemoryTarget() {
  ::close(epoll_);
  ::close(listener_);
}

void MemoryTarget::serve(const std::atomic<bool>& stop) {
  std::array<epoll_event, 64> events;
  while (!stop) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        accept_client();
      } else if (const auto client = clients_.find(event.data.fd); client != clients_.end()) {
        if (!serve_client(*client->second, event.events)) clients_.erase(client);
      }
    }
  }
}

void MemoryTarget::accept_client() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0) return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  clients_[socket] = std::make_unique<Client>(socket, medium_);
  epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
}

// False when the connection is over.
bool MemoryTarget::serve_client(Client& client, std::uint32_t events) {
  const bool was_unsent = client.responder.unsent();
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) {
    const ssize_t got = ::recv(client.socket, receive_buffer_.data(), receive_buffer_.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
    const auto bytes = std::span(receive_buffer_).first(got > 0 ? static_cast<std::size_t>(got) : 0);
    const auto taken = client.responder.receive(bytes);
    if (!taken) {
      fmt::print(stderr, "memory_target: {}\n", taken.error().text);
      return false;
    }
  }
  if (!client.responder.flush(client.socket)) return false;
  if (client.responder.unsent() == was_unsent) return true;
  epoll_event event{.events = client.responder.unsent() ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.fd = client.socket}};
  return ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.socket, &event) == 0;
}

}  // namespace tgt::bench
