// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace tgt {

// Memory of coroutine frames, from free lists of the calling thread: a frame that ends leaves its memory to the next
// one of its size. A frame may be freed on another thread than the one that made it (start-up does that).
void* allocate_frame(std::size_t size);
void release_frame(void* frame, std::size_t size) noexcept;

}  // namespace tgt
