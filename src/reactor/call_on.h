// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <type_traits>
#include <utility>

#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

namespace call_detail {

template <class T>
struct TaskValue {
  using type = T;
};
template <class T>
struct TaskValue<Task<T>> {
  using type = T;
};
struct Nothing {};

}  // namespace call_detail

// Awaitable: `function` (a plain function or a coroutine without parameters) runs on `callee`, and its result comes
// back to the awaiting task on `caller`. The function object lives in the awaiting frame.
template <class Function>
class CallOn {
  using Returned = std::invoke_result_t<Function&>;
  using Value = typename call_detail::TaskValue<Returned>::type;
  static constexpr bool is_task = !std::is_same_v<Returned, Value>;
  using Stored = std::conditional_t<std::is_void_v<Value>, call_detail::Nothing, Value>;

 public:
  CallOn(Shard& caller, Shard& callee, Function function)
      : caller_(caller), callee_(callee), function_(std::move(function)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    task_ = waiting;
    there_.call = this;
    there_.run = [](PostedWork& work) { spawn(static_cast<Message&>(work).call->run_there()); };
    callee_.post(there_);
  }
  Value await_resume() {
    if constexpr (!std::is_void_v<Value>) return std::move(*value_);
  }

 private:
  struct Message : PostedWork {
    CallOn* call = nullptr;
  };

  Task<void> run_there() {
    if constexpr (is_task && std::is_void_v<Value>) {
      co_await function_();
    } else if constexpr (is_task) {
      value_.emplace(co_await function_());
    } else if constexpr (std::is_void_v<Value>) {
      function_();
    } else {
      value_.emplace(function_());
    }
    back_.call = this;
    back_.run = [](PostedWork& work) { static_cast<Message&>(work).call->task_.resume(); };
    caller_.post(back_);
  }

  Shard& caller_;
  Shard& callee_;
  Function function_;
  std::coroutine_handle<> task_{};
  std::optional<Stored> value_;
  Message there_;
  Message back_;
};

template <class Function>
CallOn<Function> call_on(Shard& caller, Shard& callee, Function function) {
  return CallOn<Function>(caller, callee, std::move(function));
}

}  // namespace tgt
