// SPDX-License-Identifier: Apache-2.0
#include "store/power_cut_store.h"

namespace tgt {

StoreTransfer PowerCutStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  return read_both(shard, data, offset);
}

Task<StoreTransfer::Outcome> PowerCutStore::read_both(Shard& shard, MutableBytes data, std::uint64_t offset) {
  const auto read = co_await below().read_all(shard, data, offset);
  if (!read) co_return failure(read.error());
  cache_.cover(data, offset);
  co_return data.size();
}

StoreTransfer PowerCutStore::write(Shard&, Bytes data, std::uint64_t offset) {
  return StoreTransfer::Outcome(cache_.put(data, offset));
}

Task<Result<void, IoFault>> PowerCutStore::flush(Shard& shard) {
  for (const Overlay::Run& run : cache_.take_unwritten()) {
    const auto written = co_await below().write_all(shard, run.data, run.offset);
    if (!written) co_return failure(written.error());
  }
  co_return co_await below().flush(shard);
}

}  // namespace tgt
