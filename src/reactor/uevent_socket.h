// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

#include "base/result.h"
#include "reactor/io_error.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "reactor/uevent.h"

namespace tgt {

// The kernel's device events, for the network namespace of this process. On one shard.
class UeventSocket {
 public:
  UeventSocket() = default;
  UeventSocket(UeventSocket&& other) noexcept
      : shard_(other.shard_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  UeventSocket& operator=(UeventSocket&& other) noexcept;
  ~UeventSocket() { close(); }

  static Result<UeventSocket, IoError> open(Shard& shard);

  // The next event; one wait at a time. What another process sends to this socket is not believed.
  Task<Result<Uevent, IoError>> next();
  // Ends a next() that is under way, with Kind::cancelled.
  void cancel();
  void close();
  bool is_open() const { return descriptor_ >= 0; }

 private:
  Shard* shard_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace tgt
