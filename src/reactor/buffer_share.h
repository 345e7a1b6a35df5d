// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "reactor/buffer_pool.h"

namespace tgt {

// What one of many users has of a pool. It may have as much as is still free, so that one alone gets a half, and n that
// want everything leave one part in n + 1 for those who come next: whoever holds memory because a device hangs does not
// take it away from the others. Used by the pool's shard only; its buffers go back before it ends.
class BufferShare final : public BufferOwner {
 public:
  // The smallest pool of which one user alone gets two of the largest buffers.
  static constexpr std::size_t pool_for_two = 3 * BufferPool::largest;

  explicit BufferShare(BufferPool& pool) : pool_(pool) {}
  BufferShare(const BufferShare&) = delete;
  BufferShare& operator=(const BufferShare&) = delete;
  ~BufferShare() = default;

  // As BufferPool::allocate(); empty also when this user has its share already.
  Buffer allocate(std::size_t size);
  std::size_t lent() const { return lent_; }

  void release(std::uint8_t* data, std::size_t capacity) override;

 private:
  BufferPool& pool_;
  std::size_t lent_ = 0;
};

}  // namespace tgt
