// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>

#include "reactor/blocking_pool.h"
#include "reactor/operation.h"

namespace tgt {

// File operations of one backend that the kernel cannot do without sleeping: they run in the blocking pool and their
// waiters are resumed by the backend's own thread. Used by that thread only.
class PoolOperations {
 public:
  // The descriptor is an eventfd that ends the backend's wait.
  PoolOperations(BlockingPool& pool, int wake_descriptor) : pool_(pool), wake_descriptor_(wake_descriptor) {}
  PoolOperations(const PoolOperations&) = delete;
  PoolOperations& operator=(const PoolOperations&) = delete;
  ~PoolOperations() { wait_until_done(); }

  void start(Operation& operation);
  bool has_finished() const { return finished_.load(std::memory_order_relaxed) != nullptr; }
  // Resumes the waiters of what has ended; true if there were some.
  bool resume_finished();
  // Before the backend ends; waiters are not resumed any more.
  void wait_until_done();

 private:
  struct Job;
  static Job& job_of(Operation& operation);
  static void perform(PostedWork& work);

  BlockingPool& pool_;
  int wake_descriptor_;
  std::atomic<Operation*> finished_{nullptr};
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace tgt
