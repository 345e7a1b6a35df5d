// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <utility>

#include "base/bytes.h"

namespace tgt {

// Where a buffer goes back to. Implemented by the shard's BufferPool; used on that shard only.
class BufferOwner {
 public:
  virtual void release(std::uint8_t* data, std::size_t capacity) = 0;

 protected:
  ~BufferOwner() = default;
};

// One contiguous page-aligned piece of memory lent by a pool; it goes back when this object is destroyed.
// Its bytes are NOT cleared: whoever sends from it sends only what it wrote itself.
class Buffer {
 public:
  Buffer() = default;
  Buffer(BufferOwner& owner, std::uint8_t* data, std::size_t capacity)
      : owner_(&owner), data_(data), capacity_(capacity) {}
  Buffer(Buffer&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      reset();
      owner_ = std::exchange(other.owner_, nullptr);
      data_ = std::exchange(other.data_, nullptr);
      capacity_ = std::exchange(other.capacity_, 0);
    }
    return *this;
  }
  ~Buffer() { reset(); }

  void reset() {
    if (owner_ != nullptr) owner_->release(data_, capacity_);
    owner_ = nullptr;
    data_ = nullptr;
    capacity_ = 0;
  }

  explicit operator bool() const { return data_ != nullptr; }
  std::uint8_t* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }
  MutableBytes all() const { return {data_, capacity_}; }
  // The first `length` bytes; `length` must not be above capacity().
  MutableBytes first(std::size_t length) const { return all().first(length); }

 private:
  BufferOwner* owner_ = nullptr;
  std::uint8_t* data_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace tgt
