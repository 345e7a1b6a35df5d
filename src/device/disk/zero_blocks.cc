// SPDX-License-Identifier: Apache-2.0
#include "device/disk/zero_blocks.h"

#include <algorithm>

#include "reactor/yield.h"

namespace tgt {
namespace {

// Steps end at its multiples, so that a store which gives space back in pieces finds them whole.
constexpr std::uint64_t step = std::uint64_t{64} << 20;

}  // namespace

Task<Result<void, IoFault>> zero_blocks(Disk& disk, Command& command, BlockRange range, Unwanted space) {
  Shard& shard = command.shard();
  const std::uint64_t begin = range.offset(disk);
  const std::uint64_t end = begin + range.bytes(disk);
  for (std::uint64_t at = begin; at < end;) {
    if (command.abort_requested()) co_return failure(IoFault{.kind = IoFault::Kind::cancelled, .done = at - begin});
    const std::uint64_t length = std::min(end, (at / step + 1) * step) - at;
    BlockStore& store = disk.store_to_change(range);
    const bool discards = space == Unwanted::given_back && store.can_discard();
    const auto zeroed =
        discards ? co_await store.discard(shard, at, length) : co_await store.write_zeros(shard, at, length);
    if (!zeroed) {
      IoFault fault = zeroed.error();
      fault.done += at - begin;
      co_return failure(fault);
    }
    at += length;
    if (at < end) co_await Yield(shard);
  }
  co_return Result<void, IoFault>();
}

}  // namespace tgt
