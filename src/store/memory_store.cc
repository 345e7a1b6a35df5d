// SPDX-License-Identifier: Apache-2.0
#include "store/memory_store.h"

namespace tgt {
namespace {

IoFault end_of_store() { return {.kind = IoFault::Kind::end_of_store}; }

}  // namespace

Result<std::unique_ptr<BlockStore>, IoFault> MemoryStore::open(std::uint64_t capacity) {
  auto memory = AnonymousMemory::map(capacity);
  if (!memory) return failure(IoFault{.kind = IoFault::Kind::no_resources});
  return std::unique_ptr<BlockStore>(new MemoryStore(std::move(*memory)));
}

StoreTransfer MemoryStore::read(Shard&, MutableBytes data, std::uint64_t offset) {
  if (!holds(offset, data.size())) return StoreTransfer::Outcome(failure(end_of_store()));
  return StoreTransfer::Outcome(copy_bytes(memory_.bytes().subspan(offset, data.size()), data));
}

StoreTransfer MemoryStore::write(Shard&, Bytes data, std::uint64_t offset) {
  if (!holds(offset, data.size())) return StoreTransfer::Outcome(failure(end_of_store()));
  return StoreTransfer::Outcome(copy_bytes(data, memory_.bytes().subspan(offset, data.size())));
}

Task<Result<void, IoFault>> MemoryStore::flush(Shard&) { co_return Result<void, IoFault>(); }

Task<Result<void, IoFault>> MemoryStore::discard(Shard&, std::uint64_t offset, std::uint64_t length) {
  if (!holds(offset, length)) co_return failure(end_of_store());
  memory_.zero(offset, length);
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> MemoryStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  return discard(shard, offset, length);
}

}  // namespace tgt
