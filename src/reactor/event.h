// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>

namespace tgt {

// Something that tasks of ONE shard wait for. Stays set until reset(). Setting it resumes the waiters, in the order
// they came, before set() returns; so set() is the last thing a function does with objects that a waiter may destroy.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_set() const { return set_; }
  void reset() { set_ = false; }
  void set() {
    set_ = true;
    Waiter* waiter = first_;
    first_ = nullptr;
    last_ = nullptr;
    while (waiter != nullptr) {
      Waiter* next = waiter->next;
      waiter->task.resume();
      waiter = next;
    }
  }

  struct Waiter {
    Event& event;
    Waiter* next = nullptr;
    std::coroutine_handle<> task{};

    bool await_ready() const noexcept { return event.set_; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept {
      task = waiting;
      (event.last_ == nullptr ? event.first_ : event.last_->next) = this;
      event.last_ = this;
    }
    void await_resume() const noexcept {}
  };
  // Suspends until the event is set; does not suspend when it already is.
  Waiter wait() { return Waiter{*this}; }
  // Takes back a waiter that has not been resumed (its time ran out).
  void withdraw(Waiter& waiter) {
    Waiter* before = nullptr;
    for (Waiter* at = first_; at != nullptr; before = at, at = at->next) {
      if (at != &waiter) continue;
      (before == nullptr ? first_ : before->next) = at->next;
      if (last_ == at) last_ = before;
      return;
    }
  }

 private:
  bool set_ = false;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace tgt
