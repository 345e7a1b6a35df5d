// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "reactor/blocking_pool.h"
#include "reactor/io_error.h"
#include "reactor/shard.h"

namespace tgt {

// The N data shards of the program, and the device shards (one a device whose calls may sleep in the kernel).
class Reactor {
 public:
  enum class BackendChoice : std::uint8_t { automatic, io_uring, epoll };
  struct Options {
    unsigned shards = 0;  // 0: one for each CPU that this process may run on
    BackendChoice backend = BackendChoice::automatic;
    std::size_t buffer_limit = std::size_t{256} << 20;  // a shard, bytes
    Duration busy_poll = 0us;
  };
  // Automatic tries io_uring and takes epoll, with one log line, where the kernel or a seccomp policy refuses it.
  Reactor(const Options& options, Log log);
  ~Reactor();  // stops and joins every thread
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  unsigned shard_count() const { return static_cast<unsigned>(shards_.size()); }
  Shard& shard(unsigned index) { return *shards_[index]; }
  BlockingPool& blocking() { return blocking_; }

  // A shard of its own thread (epoll) for one device, numbered after the data shards; it lives until
  // remove_device_shard(), whose caller is on a data shard and must have ended every task there. A thread stuck in the
  // kernel is left behind, not waited for. The error: the system gives no thread or no descriptor. No other shard takes
  // its part, which would sleep when the device does.
  Result<Shard*, IoError> add_device_shard(const std::string& thread_name);
  void remove_device_shard(Shard& shard);

  // Starts the threads of shards 1 to N-1 and runs shard 0 on the calling thread until stop().
  void run();
  // From any thread and from a signal handler.
  void stop();

  // "io_uring" or "epoll": what automatic came to.
  const char* backend_name() const;

 private:
  struct DeviceCount;
  struct Threads;
  Shard::Options shard_options(unsigned index) const;
  std::vector<std::unique_ptr<Backend>> make_uring_backends(unsigned count);
  std::vector<std::unique_ptr<Backend>> make_backends(unsigned count);

  Options options_;
  Log log_;
  BlockingPool blocking_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Threads> threads_;
  const char* backend_name_ = "";
};

}  // namespace tgt
