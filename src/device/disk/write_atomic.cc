// SPDX-License-Identifier: Apache-2.0
#include "device/disk/write_atomic.h"

#include "device/disk/store_fault.h"

namespace tgt {
namespace {

std::optional<Sense> refuses(const Disk& disk, const BlockRange& range) {
  if (auto reason = refuses_write(disk, range, WriteAtomic16::transfer_length)) return reason;
  const std::uint32_t granularity = std::max(WriteAtomic16::granularity(disk), 1u);
  if (range.address.value % granularity != 0) {
    return Sense::invalid_field_in_cdb(WriteAtomic16::logical_block_address);
  }
  const bool whole = range.count.value % granularity == 0;
  if (whole && range.count.value <= WriteAtomic16::longest(disk)) return std::nullopt;
  return Sense::invalid_field_in_cdb(WriteAtomic16::transfer_length);
}

// Writes `data`; where the store gives up half-way, `before` takes its place again.
Task<Result<void, IoFault>> write_all_or_nothing(BlockStore& store, Command& command, std::uint64_t offset, Bytes data,
                                                 Bytes before) {
  const auto written = co_await store.write_all(command.shard(), data, offset);
  if (written) co_return Result<void, IoFault>();
  IoFault fault = written.error();
  const auto undone = co_await store.write_all(command.shard(), before, offset);
  if (undone || undone.error().done >= fault.done) fault.done = 0;
  co_return failure(fault);
}

}  // namespace

Task<Reply> WriteAtomic16::run(Disk& disk, Command& command) {
  const BlockRange range = BlockRange::of(command, logical_block_address, transfer_length);
  if (const auto refused = refuses(disk, range)) co_return Reply::check_condition(*refused);
  if (range.count.value == 0) co_return Reply::good();
  const auto length = static_cast<std::size_t>(range.bytes(disk));
  if (const auto wrong = refuses_other_length(command, length)) co_return Reply::check_condition(*wrong);
  const auto data = co_await command.data_out(length);
  if (!data) co_return Reply::check_condition(data.error());
  if (const auto refused = refuses(disk, range)) co_return Reply::check_condition(*refused);
  auto before = command.allocate_data_in(length);
  if (!before) co_return Reply::check_condition(before.error());
  const auto read = co_await disk.store().read_all(command.shard(), before->first(length), range.offset(disk));
  if (!read) co_return reply_for(read.error(), MediumAccess::reading, disk, range);
  const TimePoint began = command.shard().now();
  const auto written = co_await write_all_or_nothing(disk.store_to_change(range), command, range.offset(disk), *data,
                                                     before->first(length));
  if (!written) co_return reply_for(written.error(), MediumAccess::writing, disk, range);
  Reply reply = co_await conclude_write(
      disk, command, {.range = range, .began = began, .force_unit_access = command[force_unit_access] != 0});
  co_return std::move(reply);
}

}  // namespace tgt
