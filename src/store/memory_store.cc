// SPDX-License-Identifier: Apache-2.0
#include "store/memory_store.h"

#include <algorithm>

namespace tgt {
namespace {

constexpr std::uint64_t most_pieces_looked_at = std::uint64_t{1} << 18;

IoFault end_of_store() { return {.kind = IoFault::Kind::end_of_store}; }

}  // namespace

Result<std::unique_ptr<BlockStore>, IoFault> MemoryStore::open(std::uint64_t capacity) {
  auto memory = AnonymousMemory::map(capacity);
  auto written = AnonymousMemory::map(capacity / piece + 1);
  if (!memory || !written) return failure(IoFault{.kind = IoFault::Kind::no_resources});
  return std::unique_ptr<BlockStore>(new MemoryStore(std::move(*memory), std::move(*written)));
}

StoreTransfer MemoryStore::read(Shard&, MutableBytes data, std::uint64_t offset) {
  if (!holds(offset, data.size())) return StoreTransfer::Outcome(failure(end_of_store()));
  return StoreTransfer::Outcome(copy_bytes(memory_.bytes().subspan(offset, data.size()), data));
}

StoreTransfer MemoryStore::write(Shard&, Bytes data, std::uint64_t offset) {
  if (!holds(offset, data.size())) return StoreTransfer::Outcome(failure(end_of_store()));
  for (std::uint64_t index = offset / piece; index * piece < offset + data.size(); ++index) {
    // Looked at first: writing it again and again would send its cache line from shard to shard.
    if (written(index).load(std::memory_order_relaxed) != 0) continue;
    if (written(index).exchange(1, std::memory_order_relaxed) == 0) pieces_written_.fetch_add(1);
  }
  return StoreTransfer::Outcome(copy_bytes(data, memory_.bytes().subspan(offset, data.size())));
}

Task<Result<void, IoFault>> MemoryStore::flush(Shard&) { co_return Result<void, IoFault>(); }

Task<Result<void, IoFault>> MemoryStore::discard(Shard&, std::uint64_t offset, std::uint64_t length) {
  if (!holds(offset, length)) co_return failure(end_of_store());
  memory_.zero(offset, length);
  for (std::uint64_t index = (offset + piece - 1) / piece; (index + 1) * piece <= offset + length; ++index) {
    if (written(index).exchange(0, std::memory_order_relaxed) != 0) pieces_written_.fetch_sub(1);
  }
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> MemoryStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  return discard(shard, offset, length);
}

Task<Result<BlockStore::Space, IoFault>> MemoryStore::space(Shard&) const {
  const std::uint64_t used = std::min(pieces_written_.load() * piece, capacity());
  co_return Space{.used = used, .available = capacity() - used};
}

Task<Result<BlockStore::Extent, IoFault>> MemoryStore::extent_at(Shard&, std::uint64_t offset) {
  const auto allocated_at = [&](std::uint64_t index) { return written(index).load(std::memory_order_relaxed) != 0; };
  std::uint64_t index = offset / piece;
  const bool allocated = allocated_at(index);
  const std::uint64_t last = index + most_pieces_looked_at;
  while (index < last && index * piece < capacity() && allocated_at(index) == allocated) ++index;
  const std::uint64_t end = std::min(index * piece, capacity());
  co_return Extent{.length = end - offset, .allocated = allocated};
}

}  // namespace tgt
