// SPDX-License-Identifier: Apache-2.0
#include "reactor/pool_operations.h"

#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "reactor/eventfd.h"
#include "reactor/file_operation.h"

namespace tgt {

// Lives in the operation's backend_data.
struct PoolOperations::Job : BlockingWork {
  PoolOperations* owner = nullptr;
  Operation* operation = nullptr;
};

PoolOperations::Job& PoolOperations::job_of(Operation& operation) {
  static_assert(sizeof(Job) <= sizeof operation.backend_data);
  return *std::construct_at(reinterpret_cast<Job*>(operation.backend_data));
}

void PoolOperations::start(Operation& operation) {
  Job& job = job_of(operation);
  job.run = &PoolOperations::perform;
  job.lane = BlockingLane{operation.descriptor};
  job.owner = this;
  job.operation = &operation;
  under_way_.fetch_add(1, std::memory_order_relaxed);
  pool_.submit(job);
}

void PoolOperations::perform(PostedWork& work) {
  const Job& job = static_cast<Job&>(work);
  PoolOperations& owner = *job.owner;
  Operation& operation = *job.operation;
  operation.result = perform_file_operation(operation);
  Operation* head = owner.finished_.load(std::memory_order_relaxed);
  do {
    operation.next = head;
  } while (
      !owner.finished_.compare_exchange_weak(head, &operation, std::memory_order_release, std::memory_order_relaxed));
  if (head == nullptr) signal_eventfd(owner.wake_descriptor_);
  owner.under_way_.fetch_sub(1, std::memory_order_release);  // the last touch: the owner may end after it
}

bool PoolOperations::resume_finished() {
  if (!has_finished()) return false;
  Operation* newest = finished_.exchange(nullptr, std::memory_order_acquire);
  Operation* oldest = nullptr;
  while (newest != nullptr) {
    Operation* older = std::exchange(newest->next, oldest);
    oldest = std::exchange(newest, older);
  }
  while (oldest != nullptr) {
    Operation* next = oldest->next;  // its memory may be gone once its waiter has run
    oldest->waiter.resume();
    oldest = next;
  }
  return true;
}

void PoolOperations::wait_until_done() {
  while (under_way_.load(std::memory_order_acquire) != 0) std::this_thread::sleep_for(1ms);
}

}  // namespace tgt
