// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>

#include "reactor/shard.h"

namespace tgt {

// Awaitable: goes on in the next turn of the shard's loop. For whoever has much to do that may all be done without ever
// waiting (a store in memory, a file in the cache): between two pieces of at most a mebibyte or so, others of this
// shard have their turn. Own thread only.
struct Yield : PostedWork {
  explicit Yield(Shard& of) : shard(of) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    task = waiting;
    run = [](PostedWork& self) { static_cast<Yield&>(self).task.resume(); };
    shard.post(*this);
  }
  void await_resume() const noexcept {}

  Shard& shard;
  std::coroutine_handle<> task{};
};

}  // namespace tgt
