// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <limits>

#include "store/store_filter.h"

namespace tgt {

// Filter: fails as it was told, for tests of what lies above. A transfer that reaches into the bad range moves the
// bytes before it; the next one meets the fault.
class ErrorStore final : public StoreFilter {
 public:
  enum class On : std::uint8_t { everything, reads, writes };
  struct Script {
    IoFault::Kind fault = IoFault::Kind::medium;
    On on = On::everything;   // a flush counts as a write
    std::uint64_t after = 0;  // this many operations of that kind go well first
    std::uint64_t from = 0;   // the bad bytes; flushes fail when all are bad
    std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
  };
  ErrorStore(std::unique_ptr<BlockStore> below, const Script& script)
      : StoreFilter(std::move(below)), script_(script), left_(script.after) {}

  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override;
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override;
  Task<Result<void, IoFault>> flush(Shard& shard) override;
  Task<Result<void, IoFault>> discard(Shard& shard, std::uint64_t offset, std::uint64_t length) override;
  Task<Result<void, IoFault>> write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) override;

 private:
  // How many bytes from the start of a range may pass.
  std::uint64_t passable(On kind, std::uint64_t offset, std::uint64_t length);
  bool concerns(On kind) const { return script_.on == On::everything || script_.on == kind; }
  // One operation of the kind that fails; true when its time to fail has come.
  bool is_due();
  IoFault fault() const { return {.kind = script_.fault}; }

  Script script_;
  std::atomic<std::uint64_t> left_;
};

}  // namespace tgt
