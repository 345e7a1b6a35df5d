// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/epoll.h>

#include <array>
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

// The backend for kernels and policies without io_uring, and for device shards. Socket operations are tried at once and
// again when epoll says so; file operations go to the blocking pool.
class EpollBackend final : public Backend {
 public:
  static Result<std::unique_ptr<EpollBackend>, IoError> create(BlockingPool& pool);
  ~EpollBackend() override;
  EpollBackend(const EpollBackend&) = delete;
  EpollBackend& operator=(const EpollBackend&) = delete;

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
  // What waits for one descriptor: at most one operation each way.
  struct Watch {
    Operation* input = nullptr;
    Operation* output = nullptr;
    bool registered = false;
  };

  EpollBackend(BlockingPool& pool, int epoll_descriptor, int wake_descriptor);
  Watch& watch(int descriptor);
  Operation*& slot(Watch& watch, const Operation& operation);
  std::int64_t register_descriptor(int descriptor);
  bool park(Operation& operation);
  void make_ready(Operation& operation, std::uint64_t state);
  bool retry(int descriptor, Operation* Watch::* direction);
  bool resume_ready();
  int wait_for_events(std::optional<TimePoint> until);
  bool handle_events();

  int epoll_;
  int wake_;
  PoolOperations pool_;
  std::vector<Watch> watches_;  // by descriptor
  std::array<epoll_event, 128> events_;
  int event_count_ = 0;  // of the last wait()
  OperationList ready_;  // have their result, or are to be tried again, in the next turn
  std::uint64_t turn_ = 1;
  bool has_fine_wait_ = true;  // epoll_pwait2, whose time has nanoseconds
  unsigned immediate_ = 0;     // operations done at once since the last wait()
};

}  // namespace tgt
