// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "core/state_store.h"

namespace tgt {

// For tests: what a device has saved, which may outlive the device.
struct Kept {
  std::vector<std::uint8_t> blob;
  unsigned saves = 0;
  bool fails = false;
};

class KeepingStore final : public StateStore {
 public:
  explicit KeepingStore(Kept& kept) : kept_(kept) {}
  Task<bool> save(Shard&, std::vector<std::uint8_t> blob) override {
    if (kept_.fails) co_return false;
    ++kept_.saves;
    kept_.blob = std::move(blob);
    co_return true;
  }

 private:
  Kept& kept_;
};

}  // namespace tgt
