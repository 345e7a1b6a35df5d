// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "reactor/operation.h"

namespace tgt {

// Operations in the order in which they came; each is in at most one list.
class OperationList {
 public:
  bool empty() const { return first_ == nullptr; }
  Operation* first() const { return first_; }
  void append(Operation& operation) {
    operation.next = nullptr;
    operation.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &operation;
    last_ = &operation;
  }
  void remove(Operation& operation) {
    (operation.previous == nullptr ? first_ : operation.previous->next) = operation.next;
    (operation.next == nullptr ? last_ : operation.next->previous) = operation.previous;
    operation.next = nullptr;
    operation.previous = nullptr;
  }
  Operation* take_first() {
    Operation* operation = first_;
    if (operation != nullptr) remove(*operation);
    return operation;
  }

 private:
  Operation* first_ = nullptr;
  Operation* last_ = nullptr;
};

}  // namespace tgt
