// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "reactor/mutex.h"

namespace tgt {

class ItlNexus;

// What initiators put down with WRITE BUFFER to read it again with READ BUFFER: a buffer of bytes and an echo, for each
// nexus its own, so that none sees what another wrote. Made when first written. From any shard.
class NexusBuffers {
 public:
  static constexpr std::uint32_t capacity = 4096;  // of either

  // The data must fit.
  void write(const ItlNexus& itl, std::size_t offset, Bytes data) {
    const LockGuard lock(mutex_);
    std::vector<std::uint8_t>& buffer = buffers_[&itl].data;
    buffer.resize(capacity);
    copy_bytes(data, MutableBytes(buffer).subspan(offset));
  }
  // All of it; zeros where nothing was written.
  std::vector<std::uint8_t> read(const ItlNexus& itl) const {
    const LockGuard lock(mutex_);
    const auto found = buffers_.find(&itl);
    std::vector<std::uint8_t> data;
    if (found != buffers_.end()) data = found->second.data;
    data.resize(capacity);
    return data;
  }
  void write_echo(const ItlNexus& itl, Bytes data) {
    const LockGuard lock(mutex_);
    buffers_[&itl].echo.emplace(data.begin(), data.end());
  }
  // What was written last; nothing when that never was.
  std::optional<std::vector<std::uint8_t>> read_echo(const ItlNexus& itl) const {
    const LockGuard lock(mutex_);
    const auto found = buffers_.find(&itl);
    return found == buffers_.end() ? std::nullopt : found->second.echo;
  }
  void drop(const ItlNexus& itl) {
    const LockGuard lock(mutex_);
    buffers_.erase(&itl);
  }

 private:
  struct Buffers {
    std::vector<std::uint8_t> data;
    std::optional<std::vector<std::uint8_t>> echo;
  };
  mutable Mutex mutex_;
  std::unordered_map<const ItlNexus*, Buffers> buffers_;
};

}  // namespace tgt
