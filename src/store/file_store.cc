// SPDX-License-Identifier: Apache-2.0
#include "store/file_store.h"

namespace tgt {
namespace {

bool direct(FileStore::Caching caching) {
  return caching == FileStore::Caching::direct || caching == FileStore::Caching::direct_synchronous;
}

bool synchronous(FileStore::Caching caching) {
  return caching == FileStore::Caching::synchronous || caching == FileStore::Caching::direct_synchronous;
}

IoFault read_only_fault() { return {.kind = IoFault::Kind::read_only}; }

}  // namespace

Task<Result<std::unique_ptr<BlockStore>, IoFault>> FileStore::open(Shard& shard, Options options) {
  const File::OpenOptions how{.writable = options.writable,
                              .direct = direct(options.caching),
                              .synchronous = synchronous(options.caching),
                              .exclusive = options.exclusive};
  auto file = co_await File::open(shard, options.path, how);
  if (!file) co_return failure(IoFault::from(file.error()));
  co_return std::unique_ptr<BlockStore>(new FileStore(std::move(*file), std::move(options)));
}

bool FileStore::is_direct() const { return direct(options_.caching); }

BlockStore::Description FileStore::describe() const {
  std::string flags;
  if (synchronous(options_.caching)) flags = "sync";
  if (is_direct()) flags += flags.empty() ? "direct" : ":direct";
  return {.kind = options_.kind, .path = options_.path, .flags = flags};
}

std::uint32_t FileStore::alignment() const { return is_direct() ? file_.properties().direct_alignment : 1; }

StoreTransfer FileStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  return file_.read(shard, data, offset);
}

StoreTransfer FileStore::write(Shard& shard, Bytes data, std::uint64_t offset) {
  if (!options_.writable) return StoreTransfer::Outcome(failure(read_only_fault()));
  return file_.write(shard, data, offset);
}

Task<Result<void, IoFault>> FileStore::flush(Shard& shard) {
  if (!options_.writable) co_return Result<void, IoFault>();
  const auto flushed = co_await file_.sync_data(shard);
  if (!flushed) co_return failure(IoFault::from(flushed.error()));
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> FileStore::discard(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (!options_.writable) co_return failure(read_only_fault());
  if (length == 0) co_return Result<void, IoFault>();
  // A block device may keep the old bytes when it is asked to forget them; zeros are what was promised.
  const bool is_block_device = file_.properties().is_block_device;
  const auto done = is_block_device ? co_await file_.write_zeros(shard, offset, length)
                                    : co_await file_.deallocate(shard, offset, length);
  if (!done) co_return failure(IoFault::from(done.error()));
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> FileStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (!options_.writable) co_return failure(read_only_fault());
  if (length == 0) co_return Result<void, IoFault>();
  const auto done = co_await file_.write_zeros(shard, offset, length);
  if (done) co_return Result<void, IoFault>();
  const IoFault fault = IoFault::from(done.error());
  const bool cannot = fault.kind == IoFault::Kind::not_supported || fault.kind == IoFault::Kind::invalid;
  if (!cannot) co_return failure(fault);
  co_return co_await BlockStore::write_zeros(shard, offset, length);
}

}  // namespace tgt
