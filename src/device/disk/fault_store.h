// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "store/memory_store.h"

namespace tgt {

// For tests: a memory store that fails from some byte on, moves little at a time, and counts flushes.
class FaultStore final : public BlockStore {
 public:
  struct Script {
    std::uint64_t capacity = 1 << 20;
    std::size_t most_at_once = ~std::size_t{0};
    std::optional<std::uint64_t> bad_from{};        // offset
    std::optional<std::uint64_t> write_bad_from{};  // the same for writes alone
    std::optional<std::uint64_t> read_bad_from{};   // and for reads
    IoFault::Kind fault = IoFault::Kind::medium;
    bool flush_fails = false;
    std::uint32_t alignment = 1;
    std::uint32_t physical_block_size = 512;
    std::uint32_t alignment_offset = 0;
    std::uint32_t atomic_unit = any_write;
    bool read_only = false;
    std::optional<std::uint64_t> capacity_later{};  // once it is asked again; at most `capacity`
    Duration takes{};                               // how long a read or write takes
    Duration flush_takes{};
    std::string path = "None";
  };
  explicit FaultStore(const Script& script)
      : script_(script), memory_(std::move(*MemoryStore::open(script.capacity))) {}

  Description describe() const override {
    return {.kind = "fault", .path = script_.path, .flags = "sync", .identity = script_.path};
  }
  std::uint64_t capacity() const override { return refreshed_ ? *script_.capacity_later : memory_->capacity(); }
  Task<Result<std::uint64_t, IoFault>> refresh_capacity(Shard&) override {
    refreshed_ = script_.capacity_later.has_value();
    co_return capacity();
  }
  std::uint32_t alignment() const override { return script_.alignment; }
  std::uint32_t physical_block_size() const override { return script_.physical_block_size; }
  std::uint32_t alignment_offset() const override { return script_.alignment_offset; }
  std::uint32_t atomic_unit() const override { return script_.atomic_unit; }
  bool read_only() const override { return script_.read_only; }
  bool can_discard() const override { return true; }
  bool knows_space() const override { return true; }
  Task<Result<Space, IoFault>> space(Shard& shard) const override {
    ++looks_at_space;
    return memory_->space(shard);
  }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override {
    const std::uint64_t bad = first_bad(script_.read_bad_from);
    if (offset >= bad) return StoreTransfer::Outcome(failure(IoFault{.kind = script_.fault}));
    const MutableBytes good = data.first(step(data.size(), bad - offset));
    if (script_.takes > Duration{}) return read_slowly(shard, good, offset);
    return memory_->read(shard, good, offset);
  }
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override {
    ++writes;
    const std::uint64_t bad = first_bad(script_.write_bad_from);
    if (offset >= bad) return StoreTransfer::Outcome(failure(IoFault{.kind = script_.fault}));
    const Bytes good = data.first(step(data.size(), bad - offset));
    if (script_.takes > Duration{}) return write_slowly(shard, good, offset);
    return memory_->write(shard, good, offset);
  }
  Task<Result<void, IoFault>> flush(Shard& shard) override {
    ++flushes;
    if (script_.flush_takes > Duration{}) co_await shard.sleep(script_.flush_takes);
    if (script_.flush_fails) co_return failure(IoFault{.kind = script_.fault});
    co_return co_await memory_->flush(shard);
  }
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override {
    ++discards;
    if (offset >= first_bad(script_.write_bad_from)) co_return failure(IoFault{.kind = script_.fault});
    co_return co_await memory_->discard(shard, offset, length);
  }
  Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset) override {
    return memory_->extent_at(shard, offset);
  }

  unsigned writes = 0;
  unsigned flushes = 0;
  unsigned discards = 0;
  mutable unsigned looks_at_space = 0;
  Script& script() { return script_; }

 private:
  Task<StoreTransfer::Outcome> read_slowly(Shard& shard, MutableBytes data, std::uint64_t offset) {
    co_await shard.sleep(script_.takes);
    co_return co_await memory_->read(shard, data, offset);
  }
  Task<StoreTransfer::Outcome> write_slowly(Shard& shard, Bytes data, std::uint64_t offset) {
    co_await shard.sleep(script_.takes);
    co_return co_await memory_->write(shard, data, offset);
  }
  std::uint64_t first_bad(std::optional<std::uint64_t> of_kind) const {
    constexpr std::uint64_t none = ~std::uint64_t{0};
    return std::min(script_.bad_from.value_or(none), of_kind.value_or(none));
  }
  std::size_t step(std::size_t size, std::uint64_t good) const {
    return static_cast<std::size_t>(std::min<std::uint64_t>({size, script_.most_at_once, good}));
  }
  Script script_;
  std::unique_ptr<BlockStore> memory_;
  bool refreshed_ = false;
};

}  // namespace tgt
