// SPDX-License-Identifier: Apache-2.0
#include "store/null_store.h"

#include <algorithm>
#include <limits>

namespace tgt {

Result<std::unique_ptr<BlockStore>, IoFault> NullStore::open(std::uint64_t capacity) {
  // Signed offsets are what the rest of the system counts with.
  if (capacity > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return failure(IoFault{.kind = IoFault::Kind::invalid});
  }
  return std::unique_ptr<BlockStore>(new NullStore(capacity));
}

StoreTransfer NullStore::read(Shard&, MutableBytes data, std::uint64_t) {
  std::ranges::fill(data, std::uint8_t{0});
  return StoreTransfer::Outcome(data.size());
}

StoreTransfer NullStore::write(Shard&, Bytes data, std::uint64_t) { return StoreTransfer::Outcome(data.size()); }

Task<Result<void, IoFault>> NullStore::flush(Shard&) { co_return Result<void, IoFault>(); }

Task<Result<void, IoFault>> NullStore::write_zeros(Shard&, std::uint64_t, std::uint64_t) {
  co_return Result<void, IoFault>();
}

}  // namespace tgt
