// SPDX-License-Identifier: Apache-2.0
#include "store/anonymous_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace tgt {
namespace {

// Of what the system gives back as one: it makes the length of a range up to whole ones.
std::uint64_t system_page() {
  static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

std::optional<AnonymousMemory> AnonymousMemory::map(std::uint64_t size) {
  if (size > std::numeric_limits<std::size_t>::max() / 2) return std::nullopt;
  if (size == 0) return AnonymousMemory(MutableBytes());
  void* start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return std::nullopt;
  return AnonymousMemory({static_cast<std::uint8_t*>(start), size});
}

AnonymousMemory::~AnonymousMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

void AnonymousMemory::zero(std::uint64_t offset, std::uint64_t length) {
  const std::uint64_t page_size = system_page();
  const std::uint64_t end = offset + length;
  const std::uint64_t first_page = std::min(end, (offset + page_size - 1) / page_size * page_size);
  const std::uint64_t last_page = std::max(first_page, end / page_size * page_size);
  const MutableBytes whole = bytes_.subspan(first_page, last_page - first_page);
  std::ranges::fill(bytes_.subspan(offset, first_page - offset), std::uint8_t{0});
  std::ranges::fill(bytes_.subspan(last_page, end - last_page), std::uint8_t{0});
  if (whole.empty()) return;
  // Memory that was locked is not given back; then the long way.
  if (::madvise(whole.data(), whole.size(), MADV_DONTNEED) != 0) std::ranges::fill(whole, std::uint8_t{0});
}

}  // namespace tgt
