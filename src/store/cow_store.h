// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/overlay.h"
#include "store/store_filter.h"

namespace tgt {

// Filter: what is written stays in memory, up to a limit, and is lost when the store is closed; the store below is
// never changed. Over the limit there is no space left.
class CowStore final : public StoreFilter {
 public:
  CowStore(std::unique_ptr<BlockStore> below, std::uint64_t most_bytes)
      : StoreFilter(std::move(below)), overlay_(most_bytes) {}

  std::uint32_t alignment() const override;
  bool read_only() const override { return false; }
  bool can_discard() const override { return false; }
  bool knows_space() const override { return false; }  // that below is not what runs out
  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard&) override { co_return Result<void, IoFault>(); }
  // The general ways, through write() here: those of the store below would go past what is kept here.
  // NOLINTBEGIN(bugprone-parent-virtual-call)
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return BlockStore::discard(shard, offset, length);
  }
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return BlockStore::write_zeros(shard, offset, length);
  }
  Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset) override {
    return BlockStore::extent_at(shard, offset);
  }
  Task<Result<Space, IoFault>> space(Shard& shard) const override { return BlockStore::space(shard); }
  // NOLINTEND(bugprone-parent-virtual-call)

 private:
  Task<StoreTransfer::Outcome> read_both(Shard& shard, MutableBytes data, std::uint64_t offset);
  Overlay overlay_;
};

}  // namespace tgt
