// SPDX-License-Identifier: Apache-2.0
#include "store/delay_store.h"

namespace tgt {

StoreTransfer DelayStore::read(Shard& shard, MutableBytes data, std::uint64_t offset) {
  return read_later(shard, data, offset);
}

StoreTransfer DelayStore::write(Shard& shard, Bytes data, std::uint64_t offset) {
  return write_later(shard, data, offset);
}

Task<StoreTransfer::Outcome> DelayStore::read_later(Shard& shard, MutableBytes data, std::uint64_t offset) {
  co_await shard.sleep(delay_);
  co_return co_await below().read(shard, data, offset);
}

Task<StoreTransfer::Outcome> DelayStore::write_later(Shard& shard, Bytes data, std::uint64_t offset) {
  co_await shard.sleep(delay_);
  co_return co_await below().write(shard, data, offset);
}

Task<Result<void, IoFault>> DelayStore::flush(Shard& shard) {
  co_await shard.sleep(delay_);
  co_return co_await below().flush(shard);
}

Task<Result<void, IoFault>> DelayStore::discard(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  co_await shard.sleep(delay_);
  co_return co_await below().discard(shard, offset, length);
}

Task<Result<void, IoFault>> DelayStore::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) {
  co_await shard.sleep(delay_);
  co_return co_await below().write_zeros(shard, offset, length);
}

}  // namespace tgt
