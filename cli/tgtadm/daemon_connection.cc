// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/daemon_connection.h"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "control/protocol.h"

namespace tgt {
namespace {

// A connected socket; closes it.
class Connection {
 public:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  Connection(Connection&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  // False with errno set.
  bool send_all(std::span<const std::uint8_t> bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EINTR) return false;
      if (sent > 0) bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // How many bytes came before the end of the stream, at most bytes.size(); an errno value when it broke.
  Result<std::size_t, int> receive(std::span<std::uint8_t> bytes) const {
    std::size_t received = 0;
    while (received < bytes.size()) {
      const ssize_t part = ::recv(descriptor_, bytes.data() + received, bytes.size() - received, 0);
      if (part == 0) break;
      if (part < 0 && errno != EINTR) return failure(errno);
      if (part > 0) received += static_cast<std::size_t>(part);
    }
    return received;
  }

 private:
  int descriptor_;
};

Result<Connection, int> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failure(ENAMETOOLONG);
  std::ranges::copy(path, address.sun_path);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(errno);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    const int error = errno;
    ::close(descriptor);
    return failure(error);
  }
  return Connection(descriptor);
}

std::string words_for(int error) { return std::strerror(error); }

ConnectionFault not_connected(const std::string& path, int error) {
  return {ENOTCONN, fmt::format("failed to send request hdr to tgt daemon, {}", words_for(ENOTCONN)),
          fmt::format("no connection to {}, {}", path, words_for(error))};
}

ConnectionFault broken(int error, std::string_view what) {
  return {error, fmt::format("{}, {}", what, words_for(error))};
}

// The daemon ended before it answered. Whether it did what was asked is not known, so this is no success.
ConnectionFault unanswered(std::string_view what, std::string_view detail = {}) {
  return {ECONNRESET, std::string(what), std::string(detail)};
}

Result<DaemonReply, ConnectionFault> receive_reply(const Connection& connection) {
  std::array<std::uint8_t, sizeof(ReplyHeader)> head{};
  const auto head_size = connection.receive(head);
  if (!head_size) return failure(broken(head_size.error(), "can't get the response"));
  if (*head_size == 0) return failure(unanswered("tgtd closed the socket"));
  const auto header = decode_reply_header(std::span(head).first(*head_size));
  if (!header) return failure(unanswered("a partial response", text_of(header.error())));
  std::vector<std::uint8_t> text(text_length(*header));
  const auto text_size = connection.receive(text);
  if (!text_size) return failure(broken(text_size.error(), "can't get the response"));
  if (*text_size < text.size()) return failure(unanswered("a partial response"));
  const std::string_view characters(reinterpret_cast<const char*>(text.data()), text.size());
  return DaemonReply{static_cast<ManagementErrorCode>(header->error),
                     std::string(characters.substr(0, characters.find('\0')))};
}

}  // namespace

std::string daemon_socket_path(std::uint16_t control_port) {
  const char* stem = std::getenv("TGT_IPC_SOCKET");
  return fmt::format("{}.{}", stem != nullptr ? stem : "/var/run/tgtd/socket", control_port);
}

Result<DaemonReply, ConnectionFault> ask_daemon(const std::string& socket_path, const ManagementRequest& request) {
  const auto connection = connect_to(socket_path);
  if (!connection) return failure(not_connected(socket_path, connection.error()));
  // A daemon that refuses without reading on has answered all the same.
  if (!connection->send_all(encode_request(request)) && errno != EPIPE) {
    return failure(broken(errno, "failed to send request hdr to tgt daemon"));
  }
  return receive_reply(*connection);
}

bool wait_until_gone(const std::string& socket_path, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds pause(100);
  for (auto waited = std::chrono::milliseconds(0); waited < limit; waited += pause) {
    if (!connect_to(socket_path)) return true;
    std::this_thread::sleep_for(pause);
  }
  return false;
}

}  // namespace tgt
