// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <utility>
#include <variant>

#include "base/result.h"
#include "reactor/file.h"
#include "reactor/task.h"
#include "store/io_fault.h"

namespace tgt {

// Awaitable of BlockStore::read and BlockStore::write. It lives in the frame of the one who awaits it: a store that has
// the answer at once and one that is a file cost no coroutine of their own.
class [[nodiscard]] StoreTransfer {
 public:
  // How many bytes were moved. Fewer than asked for is no error: ask for the rest (BlockStore::read_all does).
  using Outcome = Result<std::size_t, IoFault>;

  StoreTransfer(Outcome outcome) : way_(std::in_place_index<0>, std::move(outcome)) {}  // NOLINT
  StoreTransfer(File::Transfer transfer) : way_(std::in_place_index<1>, transfer) {}    // NOLINT
  StoreTransfer(Task<Outcome> task) : way_(std::in_place_index<2>, std::move(task)) {}  // NOLINT

  bool await_ready() noexcept {
    switch (way_.index()) {
      case 0:
        return true;
      case 1:
        return std::get<1>(way_).await_ready();
      default:
        return false;
    }
  }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    if (auto* task = std::get_if<2>(&way_)) return task->await_suspend(waiting);
    const bool waits = std::get<1>(way_).await_suspend(waiting);
    return waits ? std::coroutine_handle<>(std::noop_coroutine()) : waiting;
  }
  Outcome await_resume() {
    if (auto* outcome = std::get_if<0>(&way_)) return std::move(*outcome);
    if (auto* task = std::get_if<2>(&way_)) return task->await_resume();
    const auto moved = std::get<1>(way_).await_resume();
    if (!moved) return failure(IoFault::from(moved.error()));
    return *moved;
  }

 private:
  std::variant<Outcome, File::Transfer, Task<Outcome>> way_;
};

}  // namespace tgt
