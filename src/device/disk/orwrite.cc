// SPDX-License-Identifier: Apache-2.0
#include "device/disk/orwrite.h"

#include "device/disk/store_fault.h"

namespace tgt {

Task<Reply> OrWrite16::run(Disk& disk, Command& command) {
  const BlockRange range = BlockRange::of(command, logical_block_address, transfer_length);
  if (const auto refused = refuses_write(disk, range, transfer_length)) co_return Reply::check_condition(*refused);
  if (range.count.value == 0) co_return Reply::good();
  Shard& shard = command.shard();
  const auto length = static_cast<std::size_t>(range.bytes(disk));
  const auto data = co_await command.data_out(length);
  if (!data) co_return Reply::check_condition(data.error());
  if (const auto refused = refuses_write(disk, range, transfer_length)) co_return Reply::check_condition(*refused);
  auto buffer = command.allocate_data_in(length);
  if (!buffer) co_return Reply::check_condition(buffer.error());
  const MutableBytes blocks = buffer->first(length);
  const auto read = co_await disk.store().read_all(shard, blocks, range.offset(disk));
  if (!read) co_return reply_for(read.error(), MediumAccess::reading, disk, range);
  const TimePoint began = shard.now();
  for (std::size_t i = 0; i < length; ++i) blocks[i] = static_cast<std::uint8_t>(blocks[i] | (*data)[i]);
  const auto written = co_await disk.store_to_change(range).write_all(shard, blocks, range.offset(disk));
  if (!written) co_return reply_for(written.error(), MediumAccess::writing, disk, range);
  Reply reply = co_await conclude_write(
      disk, command, {.range = range, .began = began, .force_unit_access = command[force_unit_access] != 0});
  co_return std::move(reply);
}

}  // namespace tgt
