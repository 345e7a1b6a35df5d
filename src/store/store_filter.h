// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "store/block_store.h"

namespace tgt {

// A store around another one. What a kind of filter does not change goes through.
class StoreFilter : public BlockStore {
 public:
  explicit StoreFilter(std::unique_ptr<BlockStore> below) : below_(std::move(below)) {}

  Description describe() const override { return below_->describe(); }
  std::uint64_t capacity() const override { return below_->capacity(); }
  std::uint32_t alignment() const override { return below_->alignment(); }
  std::uint32_t physical_block_size() const override { return below_->physical_block_size(); }
  std::uint32_t alignment_offset() const override { return below_->alignment_offset(); }
  std::uint32_t atomic_unit() const override { return below_->atomic_unit(); }
  bool rotational() const override { return below_->rotational(); }
  bool read_only() const override { return below_->read_only(); }
  bool can_discard() const override { return below_->can_discard(); }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override {
    return below_->read(shard, data, offset);
  }
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override {
    return below_->write(shard, data, offset);
  }
  Task<Result<void, IoFault>> flush(Shard& shard) override { return below_->flush(shard); }
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return below_->discard(shard, offset, length);
  }
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    return below_->write_zeros(shard, offset, length);
  }
  Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset) override {
    return below_->extent_at(shard, offset);
  }
  bool knows_space() const override { return below_->knows_space(); }
  Task<Result<Space, IoFault>> space(Shard& shard) const override { return below_->space(shard); }
  Task<Result<std::uint64_t, IoFault>> refresh_capacity(Shard& shard) override {
    return below_->refresh_capacity(shard);
  }
  void met_end() override { below_->met_end(); }
  Task<void> close(Shard& shard) override { return below_->close(shard); }

 protected:
  BlockStore& below() const { return *below_; }

 private:
  std::unique_ptr<BlockStore> below_;
};

}  // namespace tgt
