// SPDX-License-Identifier: Apache-2.0
#include "device/disk/write.h"

#include <algorithm>

#include "device/disk/store_fault.h"

namespace tgt {
namespace {

// The least that is written of a last block of which the initiator announced a part; the rest keeps what it held.
std::uint64_t smallest_part(const Disk& disk) {
  constexpr std::uint32_t sector = 512;
  return std::max(sector, disk.store().alignment());
}

}  // namespace

Task<Reply> write_blocks(Disk& disk, Command& command, Writing writing) {
  const BlockRange& range = writing.range;
  if (const auto refused = refuses_write(disk, range, writing.length)) co_return Reply::check_condition(*refused);
  if (range.count.value == 0) co_return Reply::good();
  Shard& shard = command.shard();
  BlockStore& store = disk.store();
  const auto sent = co_await command.announced_data_out(range.bytes(disk));
  if (!sent) co_return Reply::check_condition(sent.error());
  if (const auto refused = refuses_write(disk, range, writing.length)) co_return Reply::check_condition(*refused);
  const MutableBytes data = *sent;
  if (const auto refused = refuses_part(data, smallest_part(disk))) co_return Reply::check_condition(*refused);
  const TimePoint began = shard.now();
  const auto moved = co_await disk.store_to_change(range).write(shard, data, range.offset(disk));
  if (!moved) co_return reply_for(moved.error(), MediumAccess::writing, disk, range);
  if (*moved != data.size()) {
    const auto rest = co_await store.write_all(shard, data, range.offset(disk), *moved);
    if (!rest) co_return reply_for(rest.error(), MediumAccess::writing, disk, range);
  }
  if (writing.force_unit_access || !disk.write_cache_enabled()) {
    const auto flushed = co_await store.flush(shard);
    if (!flushed) co_return reply_after_change(reply_for(flushed.error(), MediumAccess::writing, disk, range));
  }
  disk.counters().count(MediumCounters::Kind::write, shard, data.size() >> disk.block_size().exponent, began);
  if (disk.space().watched()) co_await disk.space().after_write(disk, command, data.size());
  co_return Reply::good();
}

}  // namespace tgt
