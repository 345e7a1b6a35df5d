// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "reactor/io_error.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// The signals that a daemon listens to, taken on one shard instead of in a handler. Made by the main thread before any
// other thread exists: it blocks these signals for it and for the threads that it starts. SIGPIPE is ignored.
class SignalSource {
 public:
  enum class Signal : std::uint8_t { terminate, interrupt, hang_up };

  SignalSource() = default;
  SignalSource(SignalSource&& other) noexcept
      : shard_(other.shard_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  SignalSource& operator=(SignalSource&& other) noexcept;
  ~SignalSource() { close(); }

  static Result<SignalSource, IoError> open(Shard& shard);

  // The next signal; one wait at a time.
  Task<Result<Signal, IoError>> next();
  // Ends a next() that is under way, with Kind::cancelled.
  void cancel();
  void close();

 private:
  Shard* shard_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace tgt
