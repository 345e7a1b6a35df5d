// SPDX-License-Identifier: Apache-2.0
#include "reactor/buffer_share.h"

namespace tgt {

Buffer BufferShare::allocate(std::size_t size) {
  if (size > BufferPool::largest || lent_ + BufferPool::capacity_for(size) > pool_.limit() - pool_.lent()) return {};
  Buffer buffer = pool_.allocate(size, *this);
  lent_ += buffer.capacity();
  return buffer;
}

void BufferShare::release(std::uint8_t* data, std::size_t capacity) {
  lent_ -= capacity;
  pool_.release(data, capacity);
}

}  // namespace tgt
