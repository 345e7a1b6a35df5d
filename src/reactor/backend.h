// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "reactor/operation.h"
#include "reactor/time.h"

namespace tgt {

// How one shard talks to the operating system: io_uring, epoll, or a simulation for tests. Used by its shard's thread
// only, but for wake().
class Backend {
 public:
  virtual ~Backend() = default;

  // Starts an operation. True: it is already done and `result` is set (the waiter is not resumed). False: its waiter
  // is resumed from resume() later.
  virtual bool start(Operation& operation) = 0;
  // Asks that a started operation end soon; it still ends through its waiter, with its own result or -ECANCELED.
  virtual void cancel(Operation& operation) = 0;
  // The same for everything that is under way on a descriptor.
  virtual void cancel_descriptor(int descriptor) = 0;
  // One turn is a wait and then a resume(). The wait submits what was started and lasts until something is ready or
  // `until` (nothing: for ever; a time that has passed: not at all).
  virtual void wait(std::optional<TimePoint> until) = 0;
  // Resumes the waiters of what is done. True when there were any.
  virtual bool resume() = 0;
  // Ends a wait(). From any thread.
  virtual void wake() = 0;
  virtual TimePoint now() const = 0;

  // What is done at once. `close` must have no operation under way on the descriptor; `shutdown` ends them.
  virtual void shutdown(int socket) = 0;
  virtual void close(int descriptor) = 0;
  // The descriptor stays open but leaves this shard.
  virtual void forget(int descriptor) = 0;
  // How many of the bytes that were ever sent on a connection the peer has taken; nothing when the system does not
  // tell.
  virtual std::optional<std::uint64_t> taken(int socket) const = 0;
};

}  // namespace tgt
