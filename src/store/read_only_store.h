// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/store_filter.h"

namespace tgt {

// Filter: takes no change.
class ReadOnlyStore final : public StoreFilter {
 public:
  using StoreFilter::StoreFilter;

  bool read_only() const override { return true; }
  bool can_discard() const override { return false; }
  StoreTransfer write(Shard&, Bytes, std::uint64_t) override { return StoreTransfer::Outcome(failure(refusal)); }
  Task<Result<void, IoFault>> flush(Shard&) override { co_return Result<void, IoFault>(); }
  Task<Result<void, IoFault>> discard(Shard&, std::uint64_t, std::uint64_t) override { co_return failure(refusal); }
  Task<Result<void, IoFault>> write_zeros(Shard&, std::uint64_t, std::uint64_t) override { co_return failure(refusal); }

 private:
  static constexpr IoFault refusal{.kind = IoFault::Kind::read_only};
};

}  // namespace tgt
