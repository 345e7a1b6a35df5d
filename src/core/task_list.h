// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>

namespace tgt {

class Command;

// Where a command stands in one list. It has one for each list it can be in at a time.
struct TaskLink {
  Command* next = nullptr;
  Command* previous = nullptr;
};

// A doubly linked list of commands through one of their links; it owns nothing and allocates nothing.
template <TaskLink Command::* Link>
class TaskList {
 public:
  bool empty() const { return first_ == nullptr; }
  Command* first() const { return first_; }
  static Command* after(const Command& command) { return (command.*Link).next; }

  void push_back(Command& command) {
    command.*Link = {.next = nullptr, .previous = last_};
    (last_ == nullptr ? first_ : (last_->*Link).next) = &command;
    last_ = &command;
  }
  void push_front(Command& command) {
    command.*Link = {.next = first_, .previous = nullptr};
    (first_ == nullptr ? last_ : (first_->*Link).previous) = &command;
    first_ = &command;
  }
  void remove(Command& command) {
    const TaskLink link = std::exchange(command.*Link, TaskLink{});
    (link.previous == nullptr ? first_ : (link.previous->*Link).next) = link.next;
    (link.next == nullptr ? last_ : (link.next->*Link).previous) = link.previous;
  }

 private:
  Command* first_ = nullptr;
  Command* last_ = nullptr;
};

}  // namespace tgt
