// SPDX-License-Identifier: Apache-2.0
#include "device/disk/unmap.h"

#include <algorithm>
#include <vector>

#include "base/big_endian.h"
#include "device/disk/store_fault.h"
#include "device/disk/zero_blocks.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

struct ParameterListHeader {
  be16 unmap_data_length{};
  be16 block_descriptor_data_length{};
  be32 reserved{};
};
static_assert(WireStruct<ParameterListHeader> && sizeof(ParameterListHeader) == 8);

struct BlockDescriptor {
  be64 logical_block_address{};
  be32 number_of_logical_blocks{};
  be32 reserved{};
};
static_assert(WireStruct<BlockDescriptor> && sizeof(BlockDescriptor) == 16);

std::optional<Sense> refuses(const Disk& disk) {
  if (auto reason = disk.not_ready()) return reason;
  return disk.write_protection();
}

// The ranges that the list names, every one of them checked before the first is touched.
Result<std::vector<BlockRange>, Sense> ranges_of(const Disk& disk, Bytes list) {
  const auto header = read_wire<ParameterListHeader>(list);
  if (!header) return failure(Sense::parameter_list_length_error());
  Bytes rest = list.subspan(sizeof *header);
  rest = rest.first(std::min<std::size_t>(rest.size(), header->block_descriptor_data_length));
  if (rest.size() / sizeof(BlockDescriptor) > Unmap::most_descriptors) {
    return failure(Sense::invalid_field_in_parameter_list(2));
  }
  std::vector<BlockRange> ranges;
  std::uint64_t bytes = 0;
  while (const auto descriptor = read_wire<BlockDescriptor>(rest)) {
    const BlockRange range{LogicalBlockAddress(descriptor->logical_block_address),
                           BlockCount(descriptor->number_of_logical_blocks)};
    if (range.count.value != 0) {
      if (const auto reason = range.unreachable(disk)) return failure(*reason);
      ranges.push_back(range);
    }
    bytes += range.bytes(disk);
    if (bytes > Unmap::most_bytes) {
      const auto at = static_cast<std::uint16_t>(list.size() - rest.size() + sizeof(be64));
      return failure(Sense::invalid_field_in_parameter_list(at));
    }
    rest = rest.subspan(sizeof *descriptor);
  }
  return ranges;
}

}  // namespace

Task<Reply> Unmap::run(Disk& disk, Command& command) {
  if (const auto refused = refuses(disk)) co_return Reply::check_condition(*refused);
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const auto list = co_await command.parameter_list(command[parameter_list_length]);
  if (!list) co_return Reply::check_condition(list.error());
  if (const auto refused = refuses(disk)) co_return Reply::check_condition(*refused);
  const auto ranges = ranges_of(disk, *list);
  if (!ranges) co_return Reply::check_condition(ranges.error());
  for (const BlockRange& range : *ranges) {
    co_await Yield(command.shard());
    const auto done = co_await zero_blocks(disk, command, range, Unwanted::given_back);
    if (!done) {
      Reply reply = reply_for(done.error(), MediumAccess::writing, disk, range);
      co_return &range == &ranges->front() ? std::move(reply) : reply_after_change(std::move(reply));
    }
  }
  disk.space().look_soon();
  if (ranges->empty()) co_return Reply::good();
  auto volatile_yet = co_await make_durable(disk, command, ranges->front(), Durable::without_cache);
  if (volatile_yet) co_return std::move(*volatile_yet);
  co_return Reply::good();
}

}  // namespace tgt
