// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "reactor/endpoint.h"
#include "reactor/io_error.h"
#include "reactor/shard.h"

namespace tgt {

// A piece of a gather or scatter list.
using IoVector = iovec;
inline IoVector io_vector(MutableBytes bytes) { return {bytes.data(), bytes.size()}; }
inline IoVector io_vector(Bytes bytes) { return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()}; }

// Awaitable of one Operation; what await_resume gives is its result or its error.
class IoAwaitable {
 public:
  IoAwaitable(Backend& backend, const Operation& operation) : backend_(backend), operation_(operation) {}
  // Of something that is already done: its result, or a negative errno.
  IoAwaitable(Backend& backend, std::int64_t result) : backend_(backend), done_(true) { operation_.result = result; }
  bool await_ready() const noexcept { return done_; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    operation_.waiter = waiting;
    return !backend_.start(operation_);
  }
  Result<std::size_t, IoError> await_resume() const {
    if (operation_.result < 0) return failure(IoError::from_errno(static_cast<int>(-operation_.result)));
    return static_cast<std::size_t>(operation_.result);
  }

 protected:
  Backend& backend_;
  Operation operation_;
  bool done_ = false;
};

// A receive or send of one contiguous piece, whose vector lives in the awaitable.
class SingleIoAwaitable : public IoAwaitable {
 public:
  SingleIoAwaitable(Backend& backend, const Operation& operation, IoVector vector)
      : IoAwaitable(backend, operation), vector_(vector) {}
  bool await_suspend(std::coroutine_handle<> waiting) {
    operation_.vectors = &vector_;
    operation_.vector_count = 1;
    return IoAwaitable::await_suspend(waiting);
  }

 private:
  IoVector vector_;
};

// One stream connection (TCP or a unix socket), owned; on one shard. Not destroyed while an operation is under way:
// shutdown() first, await its end, then destroy.
class Socket {
 public:
  Socket() = default;
  Socket(Shard& shard, int descriptor) : shard_(&shard), descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept
      : shard_(other.shard_), descriptor_(std::exchange(other.descriptor_, -1)), sent_(other.sent_) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  static Task<Result<Socket, IoError>> connect(Shard& shard, Endpoint to);
  static Task<Result<Socket, IoError>> connect_unix(Shard& shard, std::string path);

  // Up to bytes.size() bytes; 0 means that the peer has closed. One receive and one send may be under way at a time.
  SingleIoAwaitable receive(MutableBytes bytes);
  // Scattered over `vectors`, which must live until the result is there (at most 1024 of them).
  IoAwaitable receive(std::span<IoVector> vectors);
  // Gathered from `vectors` (at most 1024); may send fewer bytes than asked.
  IoAwaitable send(std::span<IoVector> vectors);
  // Sends all of it, or says why not. `vectors` are used up.
  Task<Result<void, IoError>> send_all(std::span<IoVector> vectors);

  // How many bytes send_all() has given to the system so far, and how many of them the peer has taken: what has been
  // sent may be long on its way, behind all that was sent before it.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t taken() const;

  // Ends what is under way, with end of stream or an error; nothing can be sent or received any more.
  void shutdown();
  void close();
  bool is_open() const { return descriptor_ >= 0; }

  Endpoint local_endpoint() const;
  Endpoint peer_endpoint() const;
  // No delay of small segments, keep-alive probes. Errors do not matter.
  void set_tcp_options() const;

  // User and group of the process at the other end of a unix socket; nothing for TCP.
  struct PeerCredentials {
    std::uint32_t user, group;
  };
  std::optional<PeerCredentials> peer_credentials() const;

  // Gives the connection away so that another shard can take it: `Socket(other_shard, socket.release())`.
  int release();

 private:
  Shard* shard_ = nullptr;
  int descriptor_ = -1;
  std::uint64_t sent_ = 0;
};

// A listening socket on one shard.
class Listener {
 public:
  Listener() = default;
  Listener(Shard& shard, int descriptor) : shard_(&shard), descriptor_(descriptor) {}
  Listener(Listener&& other) noexcept : shard_(other.shard_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  Listener& operator=(Listener&& other) noexcept;
  ~Listener() { close(); }

  // TCP. Never another address than the one asked for: a portal in use is an error. An IPv6 wildcard listens to IPv6
  // only. Does not block.
  static Result<Listener, IoError> listen(Shard& shard, const Endpoint& at);
  // A unix stream socket with mode 0600; an old socket file in its place is removed first (the caller holds the lock
  // that says that nobody uses it).
  static Result<Listener, IoError> listen_unix(Shard& shard, const std::string& path);

  // The next connection. When descriptors or memory run out it waits a moment and goes on; ends only by shutdown().
  Task<Result<Socket, IoError>> accept();
  void shutdown();
  void close();
  bool is_open() const { return descriptor_ >= 0; }
  Endpoint local_endpoint() const;

 private:
  Shard* shard_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace tgt
