// SPDX-License-Identifier: Apache-2.0
#include "store/error_store.h"

#include <algorithm>

namespace tgt {

bool ErrorStore::is_due() {
  std::uint64_t left = left_.load(std::memory_order_relaxed);
  while (left != 0) {
    if (left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed)) return false;
  }
  return true;
}

std::uint64_t ErrorStore::passable(On kind, std::uint64_t offset, std::uint64_t length) {
  if (!concerns(kind)) return length;
  const bool touches =
      offset + length > script_.from && (offset < script_.from || offset - script_.from < script_.length);
  if (!touches || !is_due()) return length;
  return script_.from > offset ? script_.from - offset : 0;
}

StoreTransfer ErrorStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  const std::uint64_t good = passable(On::reads, offset, data.size());
  if (good == 0 && !data.empty()) return StoreTransfer::Outcome(failure(fault()));
  return below().read(shard, data.first(static_cast<std::size_t>(good)), offset);
}

StoreTransfer ErrorStore::write(Shard& shard, Bytes data, std::uint64_t offset) {
  const std::uint64_t good = passable(On::writes, offset, data.size());
  if (good == 0 && !data.empty()) return StoreTransfer::Outcome(failure(fault()));
  return below().write(shard, data.first(static_cast<std::size_t>(good)), offset);
}

Task<Result<void, IoFault>> ErrorStore::flush(Shard& shard) {
  const bool everywhere = script_.from == 0 && script_.length >= capacity();
  if (everywhere && concerns(On::writes) && is_due()) co_return failure(fault());
  co_return co_await below().flush(shard);
}

Task<Result<void, IoFault>> ErrorStore::discard(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (passable(On::writes, offset, length) < length) co_return failure(fault());
  co_return co_await below().discard(shard, offset, length);
}

Task<Result<void, IoFault>> ErrorStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  if (passable(On::writes, offset, length) < length) co_return failure(fault());
  co_return co_await below().write_zeros(shard, offset, length);
}

}  // namespace tgt
