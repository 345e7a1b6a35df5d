// SPDX-License-Identifier: Apache-2.0
#include "device/disk/medium_comparison.h"

#include <algorithm>
#include <cstring>

#include "device/disk/store_fault.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 20;

// Where `read`, which stands at `position` of what is compared, first differs from `expected`.
std::optional<std::uint64_t> first_difference(Bytes read, std::uint64_t position, Bytes expected) {
  std::size_t done = 0;
  while (done < read.size()) {
    const std::size_t at = (position + done) % expected.size();
    const std::size_t length = std::min(read.size() - done, expected.size() - at);
    const Bytes here = read.subspan(done, length);
    const Bytes there = expected.subspan(at, length);
    if (std::memcmp(here.data(), there.data(), length) != 0) {
      const auto differs = std::ranges::mismatch(here, there);
      return position + done + static_cast<std::size_t>(differs.in1 - here.begin());
    }
    done += length;
  }
  return std::nullopt;
}

}  // namespace

Result<Buffer, Sense> memory_to_compare(const Disk& disk, Command& command, const BlockRange& range) {
  return command.allocate_data_in(static_cast<std::size_t>(std::min<std::uint64_t>(range.bytes(disk), most_at_once)));
}

Task<std::optional<Reply>> compare_medium(Disk& disk, Command& command, BlockRange range, Bytes expected) {
  auto memory = memory_to_compare(disk, command, range);
  if (!memory) co_return Reply::check_condition(memory.error());
  auto different =
      co_await compare_medium(disk, command, {.range = range, .expected = expected, .memory = std::move(*memory)});
  co_return std::move(different);
}

Task<std::optional<Reply>> compare_medium(Disk& disk, Command& command, Comparison comparison) {
  const BlockRange& range = comparison.range;
  const std::uint64_t total = range.bytes(disk);
  if (total == 0) co_return std::nullopt;
  const TimePoint began = command.shard().now();
  for (std::uint64_t done = 0; done < total;) {
    if (command.abort_requested()) co_return Reply::check_condition(Sense::aborted_command());
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(total - done, comparison.memory.capacity()));
    const MutableBytes piece = comparison.memory.first(length);
    const auto read = co_await disk.store().read_all(command.shard(), piece, range.offset(disk) + done);
    if (!read) {
      IoFault fault = read.error();
      fault.done += done;
      co_return reply_for(fault, MediumAccess::verifying, disk, range);
    }
    const Bytes expected = comparison.expected;
    const auto difference = expected.empty() ? std::nullopt : first_difference(piece, done, expected);
    if (difference) co_return Reply::check_condition(Sense::miscompare_during_verify(*difference));
    done += length;
    if (done < total) co_await Yield(command.shard());
  }
  disk.counters().count(MediumCounters::Kind::verify, command.shard(), range.count.value, began);
  co_return std::nullopt;
}

}  // namespace tgt
