// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"

namespace tgt {

// The data buffers of one shard: page-aligned, in power-of-two classes from 4 KiB to 16 MiB, kept for reuse, and never
// more than the limit in all. When the limit is reached allocate() gives an empty buffer and the caller must say TASK
// SET FULL or wait. Used by its shard only.
class BufferPool final : public BufferOwner {
 public:
  static constexpr std::size_t smallest = 4096;
  static constexpr std::size_t largest = std::size_t{16} << 20;

  explicit BufferPool(std::size_t limit_in_bytes);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  // At least `size` bytes (0 < size <= largest), or an empty buffer.
  Buffer allocate(std::size_t size) { return allocate(size, *this); }
  // The same for somebody who stands between: the buffer goes back to `owner`, who calls release().
  Buffer allocate(std::size_t size, BufferOwner& owner);
  // How much of the limit a buffer of this size takes.
  static std::size_t capacity_for(std::size_t size);
  std::size_t lent() const { return lent_; }
  std::size_t limit() const { return limit_; }

  void release(std::uint8_t* data, std::size_t capacity) override;

 private:
  static constexpr std::size_t classes = 13;
  std::size_t limit_;
  std::size_t lent_ = 0;
  std::size_t kept_ = 0;
  std::array<std::vector<std::uint8_t*>, classes> free_;
};

}  // namespace tgt
