// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "reactor/operation.h"

namespace tgt {

// Tries an accept, connect, receive, send or poll_readable on the spot and never sleeps. Its result or a negative
// errno; -EAGAIN when it must wait until the descriptor is readable (connect, send: writable) and be tried again.
// Accept and connect make their descriptor non-blocking for as long as they need it.
std::int64_t try_socket_operation(Operation& operation);

// Bytes of a TCP connection that the peer has acknowledged; nothing for what is no such connection.
std::optional<std::uint64_t> taken_bytes(int descriptor);

// Does the operation wait until something can be sent?
constexpr bool waits_for_output(Operation::Kind kind) {
  return kind == Operation::Kind::send || kind == Operation::Kind::connect;
}

}  // namespace tgt
