// SPDX-License-Identifier: Apache-2.0
#include "initiator/execution.h"

#include "initiator/initiator_port.h"

namespace tgt {

void Execution::await_suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  result_.requested = static_cast<std::uint32_t>(request_.data.size());
  port_.submit(*this);
}

void Execution::drop() {
  if (drop_requested_ || completed_) return;
  drop_requested_ = true;
  drop_under_way_ = true;
  port_.drop(*this);
}

void Execution::complete() {
  completion_.execution = this;
  completion_.run = [](PostedWork& work) {
    Execution& self = *static_cast<Message&>(work).execution;
    self.completed_ = true;
    self.resume_if_settled();
  };
  shard_.post(completion_);
}

void Execution::settle_drop() {
  drop_settled_.execution = this;
  drop_settled_.run = [](PostedWork& work) {
    Execution& self = *static_cast<Message&>(work).execution;
    self.drop_under_way_ = false;
    self.resume_if_settled();
  };
  shard_.post(drop_settled_);
}

void Execution::resume_if_settled() {
  if (completed_ && !drop_under_way_) waiting_.resume();
}

void ExecutionQueue::push_back(Execution& execution) {
  execution.next = nullptr;
  execution.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &execution;
  last_ = &execution;
  ++size_;
}

void ExecutionQueue::push_front(Execution& execution) {
  execution.previous = nullptr;
  execution.next = first_;
  (first_ == nullptr ? last_ : first_->previous) = &execution;
  first_ = &execution;
  ++size_;
}

void ExecutionQueue::remove(Execution& execution) {
  (execution.previous == nullptr ? first_ : execution.previous->next) = execution.next;
  (execution.next == nullptr ? last_ : execution.next->previous) = execution.previous;
  execution.next = nullptr;
  execution.previous = nullptr;
  --size_;
}

Execution* ExecutionQueue::pop_front() {
  Execution* execution = first_;
  if (execution != nullptr) remove(*execution);
  return execution;
}

}  // namespace tgt
