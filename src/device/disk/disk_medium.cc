// SPDX-License-Identifier: Apache-2.0
// The medium of a disk: how it comes, changes and goes, and how nothing of it is left in the cache.
#include <bit>
#include <utility>

#include "device/disk/copy/third_party_copies.h"
#include "device/disk/disk.h"
#include "device/disk/store_fault.h"

namespace tgt {
namespace {

// A block alone is written as a whole by every command: that there is more is what is worth telling.
std::uint32_t atomic_unit_of(const BlockStore& store, BlockSize block_size) {
  const std::uint32_t unit = store.atomic_unit();
  return unit > block_size.bytes() ? unit : 0;
}

std::uint8_t exponent_of_ratio(std::uint32_t larger, std::uint32_t smaller) {
  return larger <= smaller ? std::uint8_t{0} : static_cast<std::uint8_t>(std::bit_width(larger / smaller) - 1);
}

// 0 as well where no block begins with a physical one: there is no way to tell that.
std::uint16_t lowest_aligned_address(const BlockStore& store, BlockSize block_size) {
  const std::uint32_t offset = store.alignment_offset();
  const std::uint32_t address = offset >> block_size.exponent;
  const bool can_be_told = offset % block_size.bytes() == 0 && address <= Disk::Geometry::largest_aligned_address;
  return can_be_told ? static_cast<std::uint16_t>(address) : std::uint16_t{0};
}

}  // namespace

std::optional<Disk::Fault> Disk::refuses(const BlockStore* store, BlockSize block_size) {
  if (block_size.exponent < 9 || block_size.exponent > 16) return Fault::bad_block_size;
  if (store == nullptr) return std::nullopt;
  if (store->alignment() > block_size.bytes()) return Fault::block_below_alignment;
  if (store->capacity() < block_size.bytes()) return Fault::too_small;
  return std::nullopt;
}

std::optional<Sense> Disk::medium_absent() const {
  const bool there = online_.load(std::memory_order_relaxed) && loaded_.load(std::memory_order_relaxed);
  if (there) return std::nullopt;
  return Sense::medium_not_present();
}

bool Disk::load() { return !loaded_.exchange(true) && online_; }

bool Disk::eject() { return medium_removal_.take_out(loaded_); }

// A medium that is out is written out as well: it comes back as what its initiators were told that it is.
Task<std::optional<Sense>> Disk::settle(Shard& shard) {
  const std::uint32_t times = write_cache_switched_off_;
  if (write_cache_ || written_out_ == times) co_return std::nullopt;
  const SharedGate::Pass pass = write_outs_.enter();
  if (!pass || !store_) co_return std::nullopt;  // whoever takes the store away flushes it
  const auto flushed = co_await store_->flush(shard);
  if (flushed) {
    written_out_ = times;
    co_return std::nullopt;
  }
  auto page = mode_pages().read(caching_page, mode::PageControl::current);
  if (page.size() > 2) page[2] |= mode::Caching::write_cache_enabled;
  put_back_mode_pages(page);
  const Reply reply = reply_for(flushed.error(), MediumAccess::writing, *this, {});
  co_return reply.sense.value_or(Sense::internal_target_failure());
}

Task<void> Disk::close(Shard& shard) {
  co_await medium_changes_.close();
  co_await write_outs_.close(shard);
  co_await medium_work_.end(shard);
  co_await close_store(shard);
  co_await PrimaryDevice::close(shard);
}

Task<void> Disk::close_store(Shard& shard) {
  const std::unique_ptr<BlockStore> store = std::exchange(store_, nullptr);
  if (!store) co_return;
  // What was written is acknowledged already; a fault here has been told by an earlier flush or will be lost with it.
  const auto flushed = co_await store->flush(shard);
  static_cast<void>(flushed);
  co_await store->close(shard);
}

std::string Disk::medium_name() const {
  const std::string path = store_ ? store_->describe().path : std::string();
  return path == "None" ? std::string() : path;
}

bool Disk::keep_medium_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) {
  return medium_work_.keep_in(std::move(store), saved_before, medium_name());
}

bool Disk::has_store_at(std::string_view path) const { return store_ && store_->describe().path == path; }

bool Disk::is_other_medium(std::string_view path) const {
  const bool is_out = removable() && medium_absent();
  return is_out || !has_store_at(path);
}

Task<Result<MediumChange, std::string>> Disk::change_medium(Shard& shard, std::string path) {
  if (medium_changes_.users() != 0) co_return failure(std::string("another change of its medium is under way"));
  const Gate::Pass pass = medium_changes_.enter();
  if (!pass) co_return failure(std::string("it is being removed"));
  if (const auto reason = keeps_medium()) co_return failure(*reason);
  if (!write_outs_.try_close()) co_return failure(std::string("what is in its write cache is being written out"));
  auto changed = co_await exchange_medium(shard, std::move(path));
  write_outs_.open();
  // What there was to write out meanwhile, of a medium that has stayed; where it cannot be, the mode page says so.
  const auto unsettled = co_await settle(shard);
  static_cast<void>(unsettled);
  co_return std::move(changed);
}

std::optional<std::string> Disk::keeps_medium() const {
  if (!load_) return "its store has no path";
  if (!removable()) return "another medium only goes into a removable disk: removable=1";
  if (medium_work_.working()) return "its medium is being formatted or sanitized";
  if (!medium_absent()) return "there is a medium in it; eject it, or set online=0, first";
  return std::nullopt;
}

Task<Result<MediumChange, std::string>> Disk::exchange_medium(Shard& shard, std::string path) {
  if (has_store_at(path)) {  // a block device is not given to two at once
    co_await close_store(shard);
    become_empty();
  }
  auto opened = co_await load_(shard, path);
  if (!opened) co_return failure(std::move(opened.error()));
  if (const auto reason = keeps_medium()) {  // online=1 meanwhile
    co_await (*opened)->close(shard);
    co_return failure(*reason);
  }
  if (const auto reason = refuses(opened->get(), block_size_)) {
    co_await (*opened)->close(shard);
    co_return failure(path + (*reason == Fault::too_small ? ": smaller than one block" : ": needs larger blocks"));
  }
  co_await close_store(shard);
  insert(std::move(*opened));
  medium_work_.medium_is(medium_name());
  online_ = true;
  loaded_ = true;
  co_return MediumChange::medium;
}

Task<Result<MediumChange, std::string>> Disk::follow_medium(Shard& shard) {
  if (medium_changes_.users() != 0) co_return failure(std::string("another change of its medium is under way"));
  const Gate::Pass pass = medium_changes_.enter();
  if (!pass || !store_) co_return failure(std::string("it is being removed"));
  const auto size = co_await store_->refresh_capacity(shard);
  if (!size) co_return failure(size.error().text());
  const std::uint64_t blocks = *size >> block_size_.exponent;
  // There is no way to tell an initiator of no blocks at all: those it knows of are gone, and say so when used.
  if (blocks == 0) co_return failure(std::string("smaller than one block"));
  const std::uint64_t before = blocks_.exchange(blocks);
  if (before == blocks) co_return MediumChange::none;
  // What comes back after it was cut off is not what it was.
  if (before > blocks) store_to_change({LogicalBlockAddress(blocks), BlockCount(before - blocks)});
  follow_thresholds();  // of a much larger disk a threshold set is larger too
  co_return MediumChange::capacity;
}

void Disk::insert(std::unique_ptr<BlockStore> store) {
  blocks_ = store->capacity() >> block_size_.exponent;
  medium_read_only_ = store->read_only();
  store_knows_space_ = store->knows_space();
  atomic_unit_ = atomic_unit_of(*store, block_size_);
  describe_medium(*store);
  medium_identity_ = store->describe().identity;
  store_ = std::move(store);
  written_out_ = write_cache_switched_off_.load();  // nothing has been written to it yet
  follow_provisioning();
  third_party_copies_->tokens.erase_all();
}

void Disk::describe_medium(const BlockStore& store) {
  if (!told_by_administrator_.physical_block_exponent) {
    geometry_.physical_block_exponent = exponent_of_ratio(store.physical_block_size(), block_size_.bytes());
  }
  if (!told_by_administrator_.lowest_aligned_address) {
    geometry_.lowest_aligned_address = lowest_aligned_address(store, block_size_);
  }
  if (!told_by_administrator_.rotation_rate) geometry_.rotation_rate = store.rotational() ? 0 : 1;
}

void Disk::become_empty() {
  online_ = false;
  loaded_ = true;  // an initiator cannot load what is not there
  blocks_ = 0;
  medium_identity_.clear();
  medium_read_only_ = false;
  store_knows_space_ = false;
  atomic_unit_ = 0;
  medium_work_.medium_is({});
  follow_provisioning();
  third_party_copies_->tokens.erase_all();
}

}  // namespace tgt
