// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "reactor/device_file.h"
#include "reactor/io_error.h"
#include "reactor/shard.h"

struct io_uring;

namespace tgt {

// Commands for device nodes whose driver takes them from an io_uring (bsg since Linux 7.1): submitting never sleeps and
// many may be under way. On one device shard. Not destroyed while commands are under way: their memory is the kernel's
// until they have been taken.
class DeviceRing {
 public:
  static constexpr std::size_t largest_command = 80;

  struct Completion {
    void* context;        // as given to submit()
    int error;            // 0, or a positive number of the operating system: the driver did not take the command
    std::uint64_t extra;  // what the driver says beyond that
  };

  // For `depth` commands at once. An error where the kernel has no io_uring or a policy refuses it.
  static Result<DeviceRing, IoError> create(Shard& device_shard, unsigned depth);
  DeviceRing(DeviceRing&& other) noexcept;
  DeviceRing& operator=(DeviceRing&& other) = delete;
  ~DeviceRing();

  // Copies `command`, the driver's own structure. Kind::no_memory when `depth` commands are under way,
  // Kind::invalid when it is too long.
  Result<void, IoError> submit(const DeviceFile& file, Bytes command, void* context);
  // The next command that is done, if there is one. A driver that knows no such commands ends each of them with an
  // error of Kind::not_supported: that is how to find out.
  std::optional<Completion> take();
  std::size_t under_way() const { return under_way_; }

  // Awaitable: there is something to take. One wait at a time; cancel_wait() ends it with Kind::cancelled.
  IoAwaitable readable() const;
  void cancel_wait();

 private:
  DeviceRing(Shard& device_shard, unsigned depth);

  Shard* shard_;
  unsigned depth_;
  std::size_t under_way_ = 0;
  std::unique_ptr<io_uring> ring_;
};

}  // namespace tgt
