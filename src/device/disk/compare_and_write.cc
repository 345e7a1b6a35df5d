// SPDX-License-Identifier: Apache-2.0
#include "device/disk/compare_and_write.h"

#include "device/disk/medium_comparison.h"
#include "device/disk/store_fault.h"

namespace tgt {

Task<Reply> CompareAndWrite::run(Disk& disk, Command& command) {
  const BlockRange range = BlockRange::of(command, logical_block_address, number_of_logical_blocks);
  const auto refused = refuses_write(disk, range, number_of_logical_blocks);
  if (refused) co_return Reply::check_condition(*refused);
  if (range.count.value > longest(disk.block_size())) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(number_of_logical_blocks));
  }
  if (range.count.value == 0) {
    // Blocks that come with a count of zero are 256, which the field cannot say and VPD B0h does not allow.
    const bool brings_blocks = command.request().expected_data_out.bytes != 0;
    if (brings_blocks) co_return Reply::check_condition(Sense::invalid_field_in_cdb(number_of_logical_blocks));
    co_return Reply::good();
  }
  const auto length = static_cast<std::size_t>(range.bytes(disk));
  if (const auto wrong = refuses_other_length(command, 2 * length)) co_return Reply::check_condition(*wrong);
  const auto data = co_await command.data_out(2 * length);
  if (!data) co_return Reply::check_condition(data.error());
  if (const auto gone = refuses_write(disk, range, number_of_logical_blocks)) co_return Reply::check_condition(*gone);
  auto different = co_await compare_medium(disk, command, range, data->first(length));
  if (different) co_return std::move(*different);
  const TimePoint began = command.shard().now();
  const auto written =
      co_await disk.store_to_change(range).write_all(command.shard(), data->subspan(length), range.offset(disk));
  if (!written) co_return reply_for(written.error(), MediumAccess::writing, disk, range);
  Reply reply = co_await conclude_write(
      disk, command, {.range = range, .began = began, .force_unit_access = command[force_unit_access] != 0});
  co_return std::move(reply);
}

}  // namespace tgt
