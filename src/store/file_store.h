// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "base/log.h"
#include "store/block_store.h"
#include "store/shared_flush.h"

namespace tgt {

// A regular file (which may be sparse) or a block device.
//
// A file that others cut short while it is in use has no bytes beyond its new end: they are a fault, also when it is
// made longer again, until refresh_capacity() is asked. A flush that failed once fails ever after: the kernel reports
// lost bytes only once, and nobody knows whose they were.
class FileStore final : public BlockStore {
 public:
  enum class Caching : std::uint8_t {
    buffered,     // through the page cache; flush() makes it durable
    direct,       // past the page cache
    synchronous,  // as buffered, and every change is durable when it returns
    direct_synchronous,
  };
  struct Options {
    std::string path;
    std::string kind = "rdwr";
    Caching caching = Caching::buffered;
    bool writable = true;
    bool exclusive = false;  // refuse a block device that others hold
    Log log = Log::silent();
  };
  // Refuses directories and character devices.
  static Task<Result<std::unique_ptr<BlockStore>, IoFault>> open(Shard& shard, Options options);
  // Over a file that is open already.
  static std::unique_ptr<BlockStore> over(File file, Options options);

  Description describe() const override;
  std::uint64_t capacity() const override { return capacity_.load(std::memory_order_relaxed); }
  std::uint32_t alignment() const override;
  std::uint32_t physical_block_size() const override { return file_.properties().physical_block_size; }
  std::uint32_t alignment_offset() const override { return file_.properties().alignment_offset; }
  std::uint32_t atomic_unit() const override;
  bool rotational() const override { return file_.properties().rotational; }
  bool read_only() const override { return !options_.writable; }
  bool can_discard() const override { return options_.writable && file_.properties().can_deallocate; }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<Extent, IoFault>> extent_at(Shard& shard, std::uint64_t offset) override;
  bool knows_space() const override { return !file_.properties().is_block_device; }
  Task<Result<Space, IoFault>> space(Shard& shard) const override;
  Task<Result<std::uint64_t, IoFault>> refresh_capacity(Shard& shard) override;
  void met_end() override { look_at_file(); }
  Task<void> close(Shard& shard) override;

 private:
  FileStore(File file, File unaligned, Options options);
  bool is_direct() const;
  // How many of `length` bytes at `offset` are there.
  std::uint64_t within(std::uint64_t offset, std::uint64_t length) const;
  // Notes that the file has become shorter, or was deleted.
  void look_at_file();
  std::optional<IoFault> refuses_change(std::uint64_t offset, std::uint64_t length);
  // Which way bytes go: direct I/O only takes what is aligned.
  const File& way_for(std::uint64_t offset, std::size_t length) const;
  bool needs_aligned_memory(const File& way, const std::uint8_t* address) const;
  Task<StoreTransfer::Outcome> read_through_copy(Shard& shard, MutableBytes data, std::uint64_t offset);
  StoreTransfer write_below(Shard& shard, Bytes data, std::uint64_t offset);
  Task<StoreTransfer::Outcome> write_durably(Shard& shard, Bytes data, std::uint64_t offset);
  Task<StoreTransfer::Outcome> write_through_copy(Shard& shard, Bytes data, std::uint64_t offset);

  Task<Result<void, IoFault>> discard_below(Shard& shard, std::uint64_t offset, std::uint64_t length);
  Task<Result<void, IoFault>> write_zeros_below(Shard& shard, std::uint64_t offset, std::uint64_t length);
  // Everything that has been changed is durable, and nothing was ever lost.
  Task<Result<void, IoFault>> make_durable(Shard& shard);
  Task<Result<void, IoFault>> sync_file(Shard& shard);

  File file_;
  File unaligned_;  // of a direct file: the same through the page cache, for parts of its smallest piece
  Options options_;
  std::atomic<std::uint64_t> capacity_;
  std::atomic<std::uint64_t> end_;  // below the capacity once the file has been found shorter
  SharedFlush flush_;
  std::atomic<bool> lost_writes_{false};
  std::atomic<bool> deleted_{false};
};

}  // namespace tgt
