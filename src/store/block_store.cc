// SPDX-License-Identifier: Apache-2.0
#include "store/block_store.h"

#include <algorithm>

#include "reactor/yield.h"

namespace tgt {

Task<Result<void, IoFault>> BlockStore::read_all(Shard& shard, MutableBytes data, std::uint64_t offset,
                                                 std::size_t moved) {
  while (moved < data.size()) {
    const auto step = co_await read(shard, data.subspan(moved), offset + moved);
    if (!step) {
      IoFault fault = step.error();
      fault.done += moved;
      co_return failure(fault);
    }
    if (*step == 0) {
      met_end();
      co_return failure(IoFault{.kind = IoFault::Kind::end_of_store, .done = moved});
    }
    moved += *step;
  }
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> BlockStore::write_all(Shard& shard, Bytes data, std::uint64_t offset, std::size_t moved) {
  while (moved < data.size()) {
    const auto step = co_await write(shard, data.subspan(moved), offset + moved);
    if (!step) {
      IoFault fault = step.error();
      fault.done += moved;
      co_return failure(fault);
    }
    if (*step == 0) co_return failure(IoFault{.kind = IoFault::Kind::medium, .done = moved});
    moved += *step;
  }
  co_return Result<void, IoFault>();
}

Task<Result<void, IoFault>> BlockStore::discard(Shard&, std::uint64_t, std::uint64_t) {
  co_return failure(IoFault{.kind = IoFault::Kind::not_supported});
}

Task<Result<BlockStore::Space, IoFault>> BlockStore::space(Shard&) const {
  co_return failure(IoFault{.kind = IoFault::Kind::not_supported});
}

Task<void> BlockStore::close(Shard&) { co_return; }

Task<Result<std::uint64_t, IoFault>> BlockStore::refresh_capacity(Shard&) { co_return capacity(); }

Task<Result<BlockStore::Extent, IoFault>> BlockStore::extent_at(Shard&, std::uint64_t offset) {
  co_return Extent{.length = capacity() - offset, .allocated = true};
}

Task<Result<void, IoFault>> BlockStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  constexpr std::uint64_t largest_step = std::uint64_t{1} << 20;
  if (length == 0) co_return Result<void, IoFault>();
  const Buffer zeros = shard.buffers().allocate(static_cast<std::size_t>(std::min(length, largest_step)));
  if (!zeros) co_return failure(IoFault{.kind = IoFault::Kind::no_resources});
  std::ranges::fill(zeros.all(), std::uint8_t{0});
  for (std::uint64_t done = 0; done < length;) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(length - done, zeros.capacity()));
    const auto written = co_await write_all(shard, zeros.first(step), offset + done);
    if (!written) {
      IoFault fault = written.error();
      fault.done += done;
      co_return failure(fault);
    }
    done += step;
    if (done < length) co_await Yield(shard);
  }
  co_return Result<void, IoFault>();
}

}  // namespace tgt
