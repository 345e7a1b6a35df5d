// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <liburing.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "reactor/backend.h"
#include "reactor/io_error.h"
#include "reactor/operation_list.h"
#include "reactor/pool_operations.h"
#include "reactor/socket_operation.h"

namespace tgt {

// One io_uring a shard: what a turn starts goes to the kernel in one system call, which is also the one that waits.
// Operations of files go to the blocking pool, but for what the kernel can begin without sleeping (Operation::nowait):
// the ring would sleep on the shard's own thread, or in a worker that has the file open yet when its operation has
// ended, so that the file's last close falls to the shard's thread.
// May be made on another thread than the one that runs it; from the first wait() on it belongs to that thread.
class UringBackend final : public Backend {
 public:
  // An error where the kernel has no io_uring, a policy refuses it, or it is older than what is needed (5.11).
  static Result<std::unique_ptr<UringBackend>, IoError> create(BlockingPool& pool);
  ~UringBackend() override;
  UringBackend(const UringBackend&) = delete;
  UringBackend& operator=(const UringBackend&) = delete;

  bool start(Operation& operation) override;
  void cancel(Operation& operation) override;
  void cancel_descriptor(int descriptor) override;
  void wait(std::optional<TimePoint> until) override;
  bool resume() override;
  void wake() override;
  TimePoint now() const override;
  void shutdown(int socket) override;
  void close(int descriptor) override;
  void forget(int descriptor) override;
  std::optional<std::uint64_t> taken(int socket) const override { return taken_bytes(socket); }

 private:
  UringBackend(BlockingPool& pool, int wake_descriptor) : wake_(wake_descriptor), pool_(pool, wake_descriptor) {}

  int set_up_ring();
  int error_of_use();
  void enable();
  io_uring_sqe* free_entry();
  void queue(Operation& operation);
  void hand_to_pool(Operation& operation);
  void cancel_unsent(Operation& operation);
  void fill(io_uring_sqe& entry, Operation& operation);
  void submit_backlog();
  void arm_wake();
  void submit_and_wait(std::optional<TimePoint> until);
  bool reap();
  bool complete(Operation& operation, int result);
  bool resume_cancelled();

  io_uring ring_{};
  bool has_ring_ = false;
  bool enabled_ = false;
  int wake_;
  std::uint64_t wakes_ = 0;  // what the read of wake_ gives
  bool wake_armed_ = false;
  PoolOperations pool_;
  OperationList under_way_;               // in the ring
  OperationList backlog_;                 // not in the ring yet: it was full
  std::vector<Operation*> late_cancels_;  // to be cancelled once the ring has room to say so
  OperationList cancelled_;               // before they were in the ring
};

}  // namespace tgt
