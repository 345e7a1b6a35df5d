// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "store/block_store.h"

namespace tgt {

// A regular file (which may be sparse) or a block device.
class FileStore final : public BlockStore {
 public:
  enum class Caching : std::uint8_t {
    buffered,     // through the page cache; flush() makes it durable
    direct,       // past the page cache
    synchronous,  // every write is durable when it returns
    direct_synchronous,
  };
  struct Options {
    std::string path;
    std::string kind = "rdwr";
    Caching caching = Caching::buffered;
    bool writable = true;
    bool exclusive = false;  // refuse a block device that others hold
  };
  // Refuses directories and character devices.
  static Task<Result<std::unique_ptr<BlockStore>, IoFault>> open(Shard& shard, Options options);

  Description describe() const override;
  std::uint64_t capacity() const override { return file_.properties().size; }
  std::uint32_t alignment() const override;
  std::uint32_t physical_block_size() const override { return file_.properties().physical_block_size; }
  bool rotational() const override { return file_.properties().rotational; }
  bool read_only() const override { return !options_.writable; }
  bool can_discard() const override { return options_.writable && file_.properties().can_deallocate; }

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  void close() override { file_.close(); }

 private:
  FileStore(File file, Options options) : file_(std::move(file)), options_(std::move(options)) {}
  bool is_direct() const;

  File file_;
  Options options_;
};

}  // namespace tgt
