// SPDX-License-Identifier: Apache-2.0
#include "store/cow_store.h"

#include <algorithm>

namespace tgt {

std::uint32_t CowStore::alignment() const {
  return std::max(static_cast<std::uint32_t>(Overlay::sector), below().alignment());
}

StoreTransfer CowStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  if (overlay_.bytes() == 0) return below().read(shard, data, offset);
  return read_both(shard, data, offset);
}

Task<StoreTransfer::Outcome> CowStore::read_both(Shard& shard, MutableBytes data, std::uint64_t offset) {
  if (!overlay_.holds(offset, data.size())) {
    const auto read = co_await below().read_all(shard, data, offset);
    if (!read) co_return failure(read.error());
  }
  overlay_.cover(data, offset);
  co_return data.size();
}

StoreTransfer CowStore::write(Shard&, Bytes data, std::uint64_t offset) {
  const std::size_t taken = overlay_.put(data, offset);
  if (taken == 0 && !data.empty()) return StoreTransfer::Outcome(failure(IoFault{.kind = IoFault::Kind::no_space}));
  return StoreTransfer::Outcome(taken);
}

}  // namespace tgt
