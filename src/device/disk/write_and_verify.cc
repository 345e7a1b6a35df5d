// SPDX-License-Identifier: Apache-2.0
#include "device/disk/write_and_verify.h"

#include "device/disk/medium_comparison.h"
#include "device/disk/store_fault.h"

namespace tgt {

Task<Reply> write_and_verify_blocks(Disk& disk, Command& command, WritingAndVerifying writing) {
  BlockRange range = writing.range;
  if (writing.check > 1) co_return Reply::check_condition(Sense::invalid_field_in_cdb(WritingAndVerifying::byte_check));
  if (const auto refused = refuses_write(disk, range, writing.length)) co_return Reply::check_condition(*refused);
  if (range.count.value == 0) co_return Reply::good();
  Shard& shard = command.shard();
  const auto sent = co_await command.announced_data_out(range.bytes(disk));
  if (!sent) co_return Reply::check_condition(sent.error());
  if (const auto refused = refuses_write(disk, range, writing.length)) co_return Reply::check_condition(*refused);
  const MutableBytes data = *sent;
  if (const auto refused = refuses_part(data, disk.block_size().bytes())) co_return Reply::check_condition(*refused);
  range.count = BlockCount(data.size() >> disk.block_size().exponent);
  auto memory = memory_to_compare(disk, command, range);  // before anything is changed
  if (!memory) co_return Reply::check_condition(memory.error());
  const TimePoint began = shard.now();
  const auto written = co_await disk.store_to_change(range).write_all(shard, data, range.offset(disk));
  if (!written) co_return reply_for(written.error(), MediumAccess::writing, disk, range);
  // What is verified is the medium, not the cache.
  Reply reply = co_await conclude_write(disk, command, {.range = range, .began = began, .force_unit_access = true});
  if (reply.status != Status::good) co_return std::move(reply);
  const Bytes expected = writing.check == 1 ? Bytes(data) : Bytes();
  auto different =
      co_await compare_medium(disk, command, {.range = range, .expected = expected, .memory = std::move(*memory)});
  co_return different ? reply_after_change(std::move(*different)) : std::move(reply);
}

}  // namespace tgt
