// SPDX-License-Identifier: Apache-2.0
#include "reactor/task.h"

namespace tgt {
namespace {

// A coroutine that nobody awaits: it starts when it is called and its frame goes when it ends.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { release_frame(frame, size); }
  };
};

Detached run_detached(Task<void> task) { co_await std::move(task); }

}  // namespace

void spawn(Task<void> task) { run_detached(std::move(task)); }

}  // namespace tgt
