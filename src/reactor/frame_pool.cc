// SPDX-License-Identifier: Apache-2.0
#include "reactor/frame_pool.h"

#include <array>
#include <new>

// Under a sanitizer every frame is a heap block of its own, so that a use after its end is seen.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TGT_FRAMES_FROM_HEAP 1
#endif
#endif

namespace tgt {

#ifdef TGT_FRAMES_FROM_HEAP

void* allocate_frame(std::size_t size) { return ::operator new(size); }
void release_frame(void* frame, std::size_t size) noexcept { ::operator delete(frame, size); }

#else

namespace {

constexpr std::size_t step = 64;
constexpr std::size_t largest = 4096;
constexpr std::size_t classes = largest / step;
constexpr std::size_t most_kept_of_class = 4096;
constexpr std::size_t most_kept_bytes = std::size_t{8} << 20;

struct FreeFrame {
  FreeFrame* next;
};

// The class of a size: 0 for 1 to 64 bytes, 1 for 65 to 128, ...
constexpr std::size_t class_of(std::size_t size) { return (size - 1) / step; }
constexpr std::size_t bytes_of_class(std::size_t index) { return (index + 1) * step; }

struct FreeLists {
  std::array<FreeFrame*, classes> first{};
  std::array<std::size_t, classes> count{};
  std::size_t bytes = 0;
  ~FreeLists();
};

// The thread's lists end before some of its objects do; what they free afterwards goes to the heap.
constinit thread_local bool lists_ended = false;
constinit thread_local FreeLists lists;

FreeLists::~FreeLists() {
  lists_ended = true;
  for (std::size_t index = 0; index < classes; ++index) {
    while (first[index] != nullptr) {
      FreeFrame* frame = first[index];
      first[index] = frame->next;
      ::operator delete(frame, bytes_of_class(index));
    }
  }
}

}  // namespace

void* allocate_frame(std::size_t size) {
  if (size > largest || size == 0) return ::operator new(size);
  const std::size_t index = class_of(size);
  if (lists_ended || lists.first[index] == nullptr) return ::operator new(bytes_of_class(index));
  FreeFrame* frame = lists.first[index];
  lists.first[index] = frame->next;
  --lists.count[index];
  lists.bytes -= bytes_of_class(index);
  return frame;
}

void release_frame(void* frame, std::size_t size) noexcept {
  if (size > largest || size == 0) return ::operator delete(frame, size);
  const std::size_t index = class_of(size);
  const std::size_t bytes = bytes_of_class(index);
  if (lists_ended || lists.count[index] >= most_kept_of_class || lists.bytes + bytes > most_kept_bytes) {
    return ::operator delete(frame, bytes);
  }
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = lists.first[index];
  lists.first[index] = free_frame;
  ++lists.count[index];
  lists.bytes += bytes;
}

#endif

}  // namespace tgt
