// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>

#include "store/anonymous_memory.h"
#include "store/block_store.h"

namespace tgt {

// Bytes in memory, zero at first, lost when the daemon ends. Memory is taken from the system when it is written.
class MemoryStore final : public BlockStore {
 public:
  static Result<std::unique_ptr<BlockStore>, IoFault> open(std::uint64_t capacity);

  Description describe() const override { return {.kind = "memory", .path = "None", .flags = ""}; }
  std::uint64_t capacity() const override { return memory_.bytes().size(); }
  std::uint32_t atomic_unit() const override { return any_write; }
  bool can_discard() const override { return true; }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset) override;
  bool knows_space() const override { return true; }
  Task<Result<Space, IoFault>> space(Shard& shard) const override;

 private:
  static constexpr std::uint64_t piece = 4096;  // what is allocated or not as one
  MemoryStore(AnonymousMemory memory, AnonymousMemory written)
      : memory_(std::move(memory)), written_(std::move(written)) {}
  std::atomic_ref<std::uint8_t> written(std::uint64_t index) const {
    return std::atomic_ref<std::uint8_t>(written_.bytes()[index]);
  }
  bool holds(std::uint64_t offset, std::uint64_t length) const {
    return offset <= capacity() && length <= capacity() - offset;
  }
  AnonymousMemory memory_;
  AnonymousMemory written_;  // a byte for each piece: not zero once it was written
  std::atomic<std::uint64_t> pieces_written_{0};
};

}  // namespace tgt
