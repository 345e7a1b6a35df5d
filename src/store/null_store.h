// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "store/block_store.h"

namespace tgt {

// Takes every write, keeps none, reads zeros. For measuring what lies above it.
class NullStore final : public BlockStore {
 public:
  static Result<std::unique_ptr<BlockStore>, IoFault> open(std::uint64_t capacity);

  Description describe() const override { return {.kind = "null", .path = "None", .flags = ""}; }
  std::uint64_t capacity() const override { return capacity_; }
  std::uint32_t atomic_unit() const override { return any_write; }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;

 private:
  explicit NullStore(std::uint64_t capacity) : capacity_(capacity) {}
  std::uint64_t capacity_;
};

}  // namespace tgt
