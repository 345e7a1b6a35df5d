// SPDX-License-Identifier: Apache-2.0
#include "reactor/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define TGT_POISON(data, size) ASAN_POISON_MEMORY_REGION(data, size)
#define TGT_UNPOISON(data, size) ASAN_UNPOISON_MEMORY_REGION(data, size)
#endif
#endif
#ifndef TGT_POISON
#define TGT_POISON(data, size) (void)0
#define TGT_UNPOISON(data, size) (void)0
#endif

namespace tgt {
namespace {

// Freed buffers are kept for reuse up to this part of the limit; more goes back to the system.
constexpr std::size_t kept_part = 4;

std::size_t class_of(std::size_t capacity) {
  return static_cast<std::size_t>(std::countr_zero(capacity) - std::countr_zero(BufferPool::smallest));
}

}  // namespace

BufferPool::BufferPool(std::size_t limit_in_bytes) : limit_(limit_in_bytes) {}

BufferPool::~BufferPool() {
  for (std::size_t index = 0; index < classes; ++index) {
    for (std::uint8_t* data : free_[index]) {
      TGT_UNPOISON(data, smallest << index);
      ::munmap(data, smallest << index);
    }
  }
}

std::size_t BufferPool::capacity_for(std::size_t size) { return std::bit_ceil(std::max(size, smallest)); }

Buffer BufferPool::allocate(std::size_t size, BufferOwner& owner) {
  if (size == 0 || size > largest) return {};
  const std::size_t capacity = capacity_for(size);
  const std::size_t index = class_of(capacity);
  if (capacity > limit_ || lent_ > limit_ - capacity) return {};
  std::uint8_t* data = nullptr;
  if (!free_[index].empty()) {
    data = free_[index].back();
    free_[index].pop_back();
    kept_ -= capacity;
    TGT_UNPOISON(data, capacity);
  } else {
    void* memory = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return {};
    data = static_cast<std::uint8_t*>(memory);
  }
  lent_ += capacity;
  return Buffer(owner, data, capacity);
}

void BufferPool::release(std::uint8_t* data, std::size_t capacity) {
  lent_ -= capacity;
  if (kept_ + capacity > limit_ / kept_part) {
    ::munmap(data, capacity);
    return;
  }
  TGT_POISON(data, capacity);
  free_[class_of(capacity)].push_back(data);
  kept_ += capacity;
}

}  // namespace tgt
