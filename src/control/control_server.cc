// SPDX-License-Identifier: Apache-2.0
#include "control/control_server.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "control/dispatch.h"
#include "control/management_words.h"
#include "reactor/begun.h"
#include "reactor/make_folder.h"
#include "reactor/process.h"

namespace tgt {
namespace {

// Ends what a socket is doing when its time is up.
class SocketDeadline {
 public:
  SocketDeadline(Shard& shard, Socket& socket, Duration time) : socket_(socket), timer_(shard, &expired, this) {
    timer_.arm(time);
  }

 private:
  static void expired(void* self) { static_cast<SocketDeadline*>(self)->socket_.shutdown(); }

  Socket& socket_;
  Timer timer_;
};

// A connection that takes the server's time and memory, as long as this lives.
class Busy {
 public:
  Busy(std::size_t& count, Event& one_less) : count_(count), one_less_(one_less) { ++count_; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    --count_;
    one_less_.set();
  }

 private:
  std::size_t& count_;
  Event& one_less_;
};

constexpr std::string_view ended_early = "it ended too early, or took too long";
// Also what a client does that only looks whether the daemon is there.
constexpr std::string_view said_nothing = "nothing was asked";

}  // namespace

bool may_manage(const Socket::PeerCredentials& peer, std::uint32_t own_user) {
  return peer.user == 0 || peer.user == own_user;
}

ControlServer::ControlServer(Shard& shard, Options options, ManagementService& service, Log log)
    : shard_(shard), options_(std::move(options)), service_(service), log_(std::move(log)) {
  options_.socket_path = absolute_path(options_.socket_path);
}

Result<void, std::string> ControlServer::open() {
  const std::string& path = options_.socket_path;
  const std::string folder = std::filesystem::path(path).parent_path();
  if (const auto made = make_folder(folder, FolderFor::all_to_enter); !made) {
    return failure(fmt::format("can't make the folder {}: {}", folder, made.error().text()));
  }
  auto lock = LockFile::acquire(path + ".lock");
  if (!lock) {
    if (lock.error().kind() == IoError::Kind::busy) return failure("another tgtd is using " + path);
    return failure(fmt::format("can't lock {}.lock: {}", path, lock.error().text()));
  }
  auto listener = Listener::listen_unix(shard_, path);
  if (!listener) return failure(fmt::format("can't listen on {}: {}", path, listener.error().text()));
  lock_.emplace(std::move(*lock));
  listener_ = std::move(*listener);
  spawn(accept_connections());
  return {};
}

Task<bool> ControlServer::close(Duration longest) {
  const bool was_open = listener_.is_open();
  closing_ = true;
  listener_.shutdown();
  for (Socket* socket : receiving_) socket->shutdown();
  const Begun requests(gate_.close());
  const bool ended = co_await requests.ended_by(shard_, shard_.now() + longest);
  if (!ended) log_.error("{} management request(s) wait for a device, and are given up", gate_.users());
  if (!ended || !was_open) co_return ended;
  co_await accept_ended_.wait();
  listener_.close();
  std::error_code ignored;
  std::filesystem::remove(options_.socket_path, ignored);
  lock_.reset();
  co_return true;
}

Task<void> ControlServer::accept_connections() {
  while (!closing_) {
    auto socket = co_await listener_.accept();
    if (!socket && !closing_) log_.error("the management socket takes no connections: {}", socket.error().text());
    if (!socket || closing_) break;
    spawn(serve(std::move(*socket), gate_.enter()));
    while (busy_connections_ >= options_.most_connections) {
      connection_idle_.reset();
      co_await connection_idle_.wait();
    }
  }
  accept_ended_.set();
}

Task<void> ControlServer::serve(Socket socket, Gate::Pass pass) {
  auto request = co_await receive_permitted(socket);
  auto result =
      request ? co_await carry_out(std::move(*request)) : failure(invalid_request(std::move(request.error())));
  co_await send_reply(socket, std::move(result));
  socket.close();
}

Task<Result<ManagementRequest, std::string>> ControlServer::receive_permitted(Socket& socket) {
  const Busy busy(busy_connections_, connection_idle_);
  auto request = co_await receive_request(socket);
  if (request) {
    if (auto refusal = refusal_of_peer(socket)) request = failure(std::move(*refusal));
  }
  if (request) co_return std::move(request);
  if (request.error() == said_nothing) {
    log_.debug("management connection closed: {}", said_nothing);
  } else {
    log_.warning("management request refused: {}", request.error());
  }
  co_return std::move(request);
}

std::optional<std::string> ControlServer::refusal_of_peer(const Socket& socket) const {
  const auto peer = socket.peer_credentials();
  if (!peer) return "it is not known who asks";
  if (may_manage(*peer, options_.own_user)) return std::nullopt;
  return fmt::format("user {} may not manage this daemon", peer->user);
}

Task<Result<ManagementRequest, std::string>> ControlServer::receive_request(Socket& socket) {
  const SocketDeadline deadline(shard_, socket, options_.request_time);
  receiving_.insert(&socket);
  std::array<std::uint8_t, sizeof(RequestHeader)> head{};
  std::vector<std::uint8_t> text;
  auto received = co_await receive_all(socket, head);
  if (!received && head == decltype(head){}) received = failure(std::string(said_nothing));
  const auto header = decode_request_header(head);
  if (received && header) {
    text.resize(text_length(*header));
    received = co_await receive_all(socket, text);
  }
  receiving_.erase(&socket);
  if (!received) co_return failure(received.error());
  if (!header) co_return failure(std::string(text_of(header.error())));
  auto request = decode_request(*header, text);
  if (!request) co_return failure(std::string(text_of(request.error())));
  co_return std::move(*request);
}

Task<Result<void, std::string>> ControlServer::receive_all(Socket& socket, MutableBytes into) {
  while (!into.empty()) {
    const auto received = co_await socket.receive(into);
    if (!received) co_return failure(received.error().text());
    if (*received == 0) co_return failure(std::string(ended_early));
    into = into.subspan(*received);
  }
  co_return Result<void, std::string>();
}

Task<ManagementResult> ControlServer::carry_out(ManagementRequest request) {
  const auto mode = word_for(request.mode);
  const auto operation = word_for(request.operation);
  const std::int64_t target = request.target_id.value_or(-1);
  log_.debug("management request: {} {}, target {}", mode, operation, target);
  if (refusing_) co_return failure(invalid_request("the daemon is stopping"));
  auto result = co_await dispatch_request(request, service_);
  if (!result) {
    log_.info("management request refused: {} {}, target {}: {} ({})", mode, operation, target,
              text_of(result.error().code), result.error().detail);
  }
  co_return result;
}

Task<void> ControlServer::send_reply(Socket& socket, ManagementResult result) {
  const auto reply = result ? encode_reply(ManagementErrorCode::success, *result)
                            : encode_reply(result.error().code, result.error().detail);
  const Busy busy(busy_connections_, connection_idle_);
  const SocketDeadline deadline(shard_, socket, options_.reply_time);
  std::array<IoVector, 1> vectors{io_vector(Bytes(reply))};
  const auto sent = co_await socket.send_all(vectors);
  if (!sent) log_.debug("management reply not taken: {}", sent.error().text());
}

}  // namespace tgt
