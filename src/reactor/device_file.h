// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "reactor/socket.h"

namespace tgt {

// A character device node, opened read-write, non-blocking and close-on-exec. Its calls may sleep in the kernel however
// they are made, so they are used on a device shard (Reactor::add_device_shard), never on a data shard.
class DeviceFile {
 public:
  enum class Access : std::uint8_t { read_write, read_only };
  DeviceFile() = default;
  DeviceFile(DeviceFile&& other) noexcept : shard_(other.shard_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  DeviceFile& operator=(DeviceFile&& other) noexcept;
  ~DeviceFile() { close(); }

  // May sleep. Refuses what is no character device with Kind::not_supported.
  static Result<DeviceFile, IoError> open(Shard& device_shard, const std::string& path, Access access);

  // May sleep. The value that ioctl(2) returned.
  Result<int, IoError> ioctl(unsigned long request, void* argument) const;
  Result<std::size_t, IoError> write(Bytes bytes) const;
  // Kind::no_memory (EAGAIN) when there is nothing to read.
  Result<std::size_t, IoError> read(MutableBytes bytes) const;
  // Awaitable: 0 when something can be read, Kind::no_device when the device has gone.
  IoAwaitable readable() const;
  // Ends a readable() that is under way, with Kind::cancelled. (The one wait at a time of this file.)
  void cancel_wait();

  void close();
  bool is_open() const { return descriptor_ >= 0; }

 private:
  friend class DeviceRing;
  Shard* shard_ = nullptr;
  int descriptor_ = -1;
};

}  // namespace tgt
