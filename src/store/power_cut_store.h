// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <limits>

#include "store/overlay.h"
#include "store/store_filter.h"

namespace tgt {

// Filter for tests: a disk with a volatile cache. Writes reach the store below when they are flushed; cut() is a power
// cut, after which the medium holds what was flushed and nothing else. Flushes of several shards may not overlap.
class PowerCutStore final : public StoreFilter {
 public:
  explicit PowerCutStore(std::unique_ptr<BlockStore> below)
      : StoreFilter(std::move(below)), cache_(std::numeric_limits<std::uint64_t>::max()) {}

  std::uint32_t alignment() const override { return static_cast<std::uint32_t>(Overlay::sector); }
  bool can_discard() const override { return false; }
  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  // The general ways, through write() here: those of the store below would go past what is kept here.
  // NOLINTBEGIN(bugprone-parent-virtual-call)
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return BlockStore::discard(shard, offset, length);
  }
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return BlockStore::write_zeros(shard, offset, length);
  }
  // NOLINTEND(bugprone-parent-virtual-call)

  void cut() { cache_.drop_unwritten(); }

 private:
  Task<StoreTransfer::Outcome> read_both(Shard& shard, MutableBytes data, std::uint64_t offset);
  Overlay cache_;
};

}  // namespace tgt
