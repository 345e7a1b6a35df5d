// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "reactor/time.h"
#include "store/store_filter.h"

namespace tgt {

// Filter: everything that moves bytes or makes them durable begins later, as over a slow disk.
class DelayStore final : public StoreFilter {
 public:
  DelayStore(std::unique_ptr<BlockStore> below, Duration delay) : StoreFilter(std::move(below)), delay_(delay) {}

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;

 private:
  Task<StoreTransfer::Outcome> read_later(Shard& shard, MutableBytes data, std::uint64_t offset);
  Task<StoreTransfer::Outcome> write_later(Shard& shard, Bytes data, std::uint64_t offset);
  Duration delay_;
};

}  // namespace tgt
