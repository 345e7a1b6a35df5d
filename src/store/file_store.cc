// SPDX-License-Identifier: Apache-2.0
#include "store/file_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace tgt {
namespace {

bool direct(FileStore::Caching caching) {
  return caching == FileStore::Caching::direct || caching == FileStore::Caching::direct_synchronous;
}

bool synchronous(FileStore::Caching caching) {
  return caching == FileStore::Caching::synchronous || caching == FileStore::Caching::direct_synchronous;
}

IoFault read_only_fault() { return {.kind = IoFault::Kind::read_only}; }
IoFault end_of_store() { return {.kind = IoFault::Kind::end_of_store}; }

bool cannot(const IoFault& fault) {
  return fault.kind == IoFault::Kind::not_supported || fault.kind == IoFault::Kind::invalid;
}

}  // namespace

Task<Result<std::unique_ptr<BlockStore>, IoFault>> FileStore::open(Shard& shard, Options options) {
  File::OpenOptions how{
      .writable = options.writable, .direct = direct(options.caching), .exclusive = options.exclusive};
  auto file = co_await File::open(shard, options.path, how);
  if (!file) co_return failure(IoFault::from(file.error()));
  File unaligned;
  // Not for a device: there the page cache and direct writes of neighbours could overwrite each other.
  if (how.direct && !file->properties().is_block_device) {
    how.direct = false;
    auto again = co_await file->reopen(shard, how);
    if (!again) {
      co_await file->close(shard);
      co_return failure(IoFault::from(again.error()));
    }
    unaligned = std::move(*again);
  }
  co_return std::unique_ptr<BlockStore>(new FileStore(std::move(*file), std::move(unaligned), std::move(options)));
}

std::unique_ptr<BlockStore> FileStore::over(File file, Options options) {
  return std::unique_ptr<BlockStore>(new FileStore(std::move(file), File(), std::move(options)));
}

FileStore::FileStore(File file, File unaligned, Options options)
    : file_(std::move(file)),
      unaligned_(std::move(unaligned)),
      options_(std::move(options)),
      capacity_(file_.properties().size),
      end_(file_.properties().size) {}

Task<void> FileStore::close(Shard& shard) {
  co_await unaligned_.close(shard);
  co_await file_.close(shard);
}

bool FileStore::is_direct() const { return direct(options_.caching); }

BlockStore::Description FileStore::describe() const {
  std::string flags;
  if (synchronous(options_.caching)) flags = "sync";
  if (is_direct()) flags += flags.empty() ? "direct" : ":direct";
  const File::Identity& which = file_.properties().identity;
  const bool known = which != File::Identity{};
  return {.kind = options_.kind,
          .path = options_.path,
          .flags = flags,
          .identity = known ? fmt::format("{:x}:{:x}", which.device, which.number) : std::string()};
}

std::uint32_t FileStore::alignment() const {
  return is_direct() && !unaligned_.is_open() ? file_.properties().direct_alignment : 1;
}

// The kernel calls what a device writes without the danger of tearing it a physical block. Not so from the page cache,
// where a later write meets one that is on its way to the device; but nothing tears a sector.
std::uint32_t FileStore::atomic_unit() const {
  constexpr std::uint32_t sector = 512;
  const File::Properties& properties = file_.properties();
  const bool whole = properties.is_block_device && is_direct() && properties.alignment_offset == 0;
  return whole ? properties.physical_block_size : sector;
}

std::uint64_t FileStore::within(std::uint64_t offset, std::uint64_t length) const {
  const std::uint64_t end = end_.load(std::memory_order_relaxed);
  return offset >= end ? 0 : std::min(length, end - offset);
}

void FileStore::look_at_file() {
  if (file_.properties().is_block_device) return;
  const auto facts = file_.facts_at_hand();
  if (!facts) return;
  const std::uint64_t end = end_.load(std::memory_order_relaxed);
  if (facts->size < end) {
    end_.store(facts->size, std::memory_order_relaxed);
    options_.log.error("{}: somebody has cut it from {} to {} bytes; what lay beyond cannot be read any more",
                       printable(options_.path), end, facts->size);
  }
  if (facts->names == 0 && !deleted_.exchange(true, std::memory_order_relaxed)) {
    options_.log.warning("{}: somebody has deleted it; its contents will be lost when it is closed",
                         printable(options_.path));
  }
}

// Before what would make a file longer: a write behind its end leaves a hole before it, zeros that nobody wrote.
std::optional<IoFault> FileStore::refuses_change(std::uint64_t offset, std::uint64_t length) {
  if (!options_.writable) return read_only_fault();
  look_at_file();
  if (within(offset, length) != length) return end_of_store();
  return std::nullopt;
}

const File& FileStore::way_for(std::uint64_t offset, std::size_t length) const {
  if (!unaligned_.is_open()) return file_;
  const std::uint32_t alignment = file_.properties().direct_alignment;
  return offset % alignment == 0 && length % alignment == 0 ? file_ : unaligned_;
}

bool FileStore::needs_aligned_memory(const File& way, const std::uint8_t* address) const {
  if (!is_direct() || &way != &file_) return false;
  return reinterpret_cast<std::uintptr_t>(address) % file_.properties().direct_memory_alignment != 0;
}

StoreTransfer FileStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  const MutableBytes there = data.first(static_cast<std::size_t>(within(offset, data.size())));
  if (there.empty() && !data.empty()) return StoreTransfer::Outcome(failure(end_of_store()));
  const File& way = way_for(offset, there.size());
  if (needs_aligned_memory(way, there.data())) return read_through_copy(shard, there, offset);
  return way.read(shard, there, offset);
}

StoreTransfer FileStore::write(Shard& shard, Bytes data, std::uint64_t offset) {
  if (synchronous(options_.caching)) return write_durably(shard, data, offset);
  return write_below(shard, data, offset);
}

// Not O_DSYNC: of writes at the same time the kernel may tell any one that the data of another was lost.
Task<StoreTransfer::Outcome> FileStore::write_durably(Shard& shard, Bytes data, std::uint64_t offset) {
  auto moved = co_await write_below(shard, data, offset);
  if (!moved) co_return moved;
  const auto flushed = co_await make_durable(shard);
  if (!flushed) co_return failure(flushed.error());
  co_return moved;
}

StoreTransfer FileStore::write_below(Shard& shard, Bytes data, std::uint64_t offset) {
  const auto refused = refuses_change(offset, data.size());
  const Bytes there = data.first(static_cast<std::size_t>(within(offset, data.size())));
  const bool nothing_fits = refused && (refused->kind == IoFault::Kind::read_only || there.empty());
  if (nothing_fits) return StoreTransfer::Outcome(failure(*refused));
  const File& way = way_for(offset, there.size());
  if (needs_aligned_memory(way, there.data())) return write_through_copy(shard, there, offset);
  return way.write(shard, there, offset);
}

Task<StoreTransfer::Outcome> FileStore::read_through_copy(Shard& shard, MutableBytes data, std::uint64_t offset) {
  const Buffer copy = shard.buffers().allocate(data.size());
  if (!copy) co_return failure(IoFault{.kind = IoFault::Kind::no_resources});
  const auto moved = co_await file_.read(shard, copy.first(data.size()), offset);
  if (!moved) co_return failure(IoFault::from(moved.error()));
  copy_bytes(copy.first(*moved), data);
  co_return *moved;
}

Task<StoreTransfer::Outcome> FileStore::write_through_copy(Shard& shard, Bytes data, std::uint64_t offset) {
  const Buffer copy = shard.buffers().allocate(data.size());
  if (!copy) co_return failure(IoFault{.kind = IoFault::Kind::no_resources});
  copy_bytes(data, copy.all());
  const auto moved = co_await file_.write(shard, copy.first(data.size()), offset);
  if (!moved) co_return failure(IoFault::from(moved.error()));
  co_return *moved;
}

Task<Result<void, IoFault>> FileStore::flush(Shard& shard) {
  if (!options_.writable) co_return Result<void, IoFault>();
  const bool is_durable = synchronous(options_.caching) && !lost_writes_.load();
  if (is_durable) co_return Result<void, IoFault>();
  co_return co_await make_durable(shard);
}

Task<Result<void, IoFault>> FileStore::make_durable(Shard& shard) {
  co_return co_await flush_.run(shard, [&] { return sync_file(shard); });
}

// One at a time.
Task<Result<void, IoFault>> FileStore::sync_file(Shard& shard) {
  if (lost_writes_.load()) co_return failure(IoFault{.kind = IoFault::Kind::medium});
  const auto synced = co_await file_.sync_data(shard);
  if (synced) co_return Result<void, IoFault>();
  const IoFault fault = IoFault::from(synced.error());
  if (fault.kind == IoFault::Kind::cancelled) co_return failure(fault);
  lost_writes_.store(true);
  options_.log.error("{}: what was written could not be made durable: {}; every flush fails from now on",
                     printable(options_.path), fault.text());
  co_return failure(fault);
}

Task<Result<void, IoFault>> FileStore::discard(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  auto done = co_await discard_below(shard, offset, length);
  if (done && synchronous(options_.caching)) done = co_await make_durable(shard);
  co_return done;
}

Task<Result<void, IoFault>> FileStore::discard_below(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (const auto refused = refuses_change(offset, length)) co_return failure(*refused);
  if (length == 0) co_return Result<void, IoFault>();
  const auto done = co_await file_.deallocate(shard, offset, length);
  if (done) co_return Result<void, IoFault>();
  const IoFault fault = IoFault::from(done.error());
  if (!cannot(fault)) co_return failure(fault);
  co_return co_await write_zeros_below(shard, offset, length);
}

Task<Result<void, IoFault>> FileStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  auto done = co_await write_zeros_below(shard, offset, length);
  if (done && synchronous(options_.caching)) done = co_await make_durable(shard);
  co_return done;
}

Task<Result<void, IoFault>> FileStore::write_zeros_below(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (const auto refused = refuses_change(offset, length)) co_return failure(*refused);
  if (length == 0) co_return Result<void, IoFault>();
  const auto done = co_await file_.write_zeros(shard, offset, length);
  if (done) co_return Result<void, IoFault>();
  const IoFault fault = IoFault::from(done.error());
  if (!cannot(fault)) co_return failure(fault);
  co_return co_await BlockStore::write_zeros(shard, offset, length);
}

Task<Result<BlockStore::Extent, IoFault>> FileStore::extent_at(Shard& shard, std::uint64_t offset) {
  const std::uint64_t rest = capacity() - std::min(offset, capacity());
  if (file_.properties().is_block_device) co_return Extent{.length = rest, .allocated = true};
  const auto extent = co_await file_.extent_at(shard, offset);
  if (!extent) co_return failure(IoFault::from(extent.error()));
  if (extent->length == 0) co_return failure(end_of_store());
  co_return Extent{.length = std::min(extent->length, rest), .allocated = extent->allocated};
}

Task<Result<BlockStore::Space, IoFault>> FileStore::space(Shard& shard) const {
  const auto below = co_await file_.space(shard);
  if (!below) co_return failure(IoFault::from(below.error()));
  co_return Space{.used = std::min(below->allocated, capacity()),
                  .available = std::min(below->available, capacity()),
                  .available_is_shared = true};
}

Task<Result<std::uint64_t, IoFault>> FileStore::refresh_capacity(Shard& shard) {
  const auto size = co_await file_.refresh_size(shard);
  if (!size) co_return failure(IoFault::from(size.error()));
  const auto facts = file_.facts_at_hand();
  const bool deleted = !file_.properties().is_block_device && facts && facts->names == 0;
  if (deleted) co_return failure(IoFault{.kind = IoFault::Kind::not_found});
  capacity_.store(*size, std::memory_order_relaxed);
  end_.store(*size, std::memory_order_relaxed);
  co_return *size;
}

}  // namespace tgt
