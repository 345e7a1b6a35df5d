// SPDX-License-Identifier: Apache-2.0
#include "device/disk/write_same.h"

#include <algorithm>

#include "device/disk/store_fault.h"
#include "device/disk/zero_blocks.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 20;

std::optional<Sense> refuses(const Disk& disk, const WritingSame& writing) {
  if (auto reason = writing.range.unreachable(disk)) return reason;
  if (auto reason = disk.write_protection()) return reason;
  if (writing.unmaps && !disk.thin()) return Sense::invalid_field_in_cdb(WritingSame::unmap);
  const bool too_long = writing.range.count.value > WritingSame::longest;
  // No blocks would mean all up to the end: VPD B0h says that we do not take that (WSNZ).
  if (writing.range.count.value == 0 || too_long) return Sense::invalid_field_in_cdb(writing.length);
  return std::nullopt;
}

// The same block again and again, from a buffer that holds it many times.
Task<Result<void, IoFault>> write_repeated(Disk& disk, Command& command, const WritingSame& writing, Bytes block) {
  const std::uint64_t total = writing.range.bytes(disk);
  auto buffer = command.allocate_data_in(static_cast<std::size_t>(std::min<std::uint64_t>(total, most_at_once)));
  if (!buffer) co_return failure(IoFault{.kind = IoFault::Kind::no_resources});
  const auto filled = static_cast<std::size_t>(std::min<std::uint64_t>(total, buffer->capacity()));
  for (std::size_t at = 0; at < filled; at += block.size()) copy_bytes(block, buffer->first(filled).subspan(at));
  for (std::uint64_t done = 0; done < total;) {
    if (command.abort_requested()) co_return failure(IoFault{.kind = IoFault::Kind::cancelled, .done = done});
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(total - done, filled));
    const std::uint64_t offset = writing.range.offset(disk) + done;
    BlockStore& store = disk.store_to_change(writing.range);
    const auto written = co_await store.write_all(command.shard(), buffer->first(length), offset);
    if (!written) {
      IoFault fault = written.error();
      fault.done += done;
      co_return failure(fault);
    }
    done += length;
    if (done < total) co_await Yield(command.shard());
  }
  co_return Result<void, IoFault>();
}

}  // namespace

Task<Reply> write_same(Disk& disk, Command& command, WritingSame writing) {
  if (const auto refused = refuses(disk, writing)) co_return Reply::check_condition(*refused);
  MutableBytes block;
  if (!writing.no_data) {
    const std::uint32_t length = disk.block_size().bytes();
    if (const auto wrong = refuses_other_length(command, length)) co_return Reply::check_condition(*wrong);
    const auto data = co_await command.data_out(length);
    if (!data) co_return Reply::check_condition(data.error());
    if (const auto refused = refuses(disk, writing)) co_return Reply::check_condition(*refused);
    block = *data;
  }
  const bool zeros = std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; });
  const TimePoint began = command.shard().now();
  const Unwanted space = writing.unmaps ? Unwanted::given_back : Unwanted::kept;
  const auto written = zeros ? co_await zero_blocks(disk, command, writing.range, space)
                             : co_await write_repeated(disk, command, writing, block);
  if (!written) co_return reply_for(written.error(), MediumAccess::writing, disk, writing.range);
  Reply reply = co_await conclude_write(disk, command, {.range = writing.range, .began = began});
  co_return std::move(reply);
}

}  // namespace tgt
