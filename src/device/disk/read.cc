// SPDX-License-Identifier: Apache-2.0
#include "device/disk/read.h"

#include "device/disk/store_fault.h"

namespace tgt {

Task<Reply> read_blocks(Disk& disk, Command& command, Reading reading) {
  const BlockRange& range = reading.range;
  if (const auto refused = refuses_transfer(disk, range, reading.length)) co_return Reply::check_condition(*refused);
  if (range.count.value == 0) co_return Reply::good();
  Shard& shard = command.shard();
  BlockStore& store = disk.store();
  if (reading.force_unit_access && disk.write_cache_enabled()) {
    const auto flushed = co_await store.flush(shard);
    if (!flushed) co_return reply_for(flushed.error(), MediumAccess::writing, disk, range);
  }
  const std::size_t length = range.bytes(disk);
  auto buffer = command.allocate_data_in(length);
  if (!buffer) co_return Reply::check_condition(buffer.error());
  const TimePoint began = shard.now();
  const auto moved = co_await store.read(shard, buffer->first(length), range.offset(disk));
  if (!moved) co_return reply_for(moved.error(), MediumAccess::reading, disk, range);
  if (*moved != length) {
    const auto rest = co_await store.read_all(shard, buffer->first(length), range.offset(disk), *moved);
    if (!rest) co_return reply_for(rest.error(), MediumAccess::reading, disk, range);
  }
  disk.counters().count(MediumCounters::Kind::read, shard, range.count.value, began);
  co_return Reply::data_in(std::move(*buffer), length);
}

}  // namespace tgt
