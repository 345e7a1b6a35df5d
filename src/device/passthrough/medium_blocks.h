// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

namespace tgt {

// How long the blocks of the medium are: of a disk its logical blocks, of a tape those of the fixed mode. Known until
// something happens that may change it. From any shard.
class MediumBlocks {
 public:
  struct Known {
    std::uint32_t length = 0;  // 0: unknown
    bool protection_information = false;
  };
  Known known() const {
    const std::uint64_t packed = packed_.load(std::memory_order_relaxed);
    return {.length = static_cast<std::uint32_t>(packed >> 1), .protection_information = (packed & 1) != 0};
  }
  std::uint32_t length() const { return known().length; }
  void learn(Known known) {
    packed_.store((std::uint64_t{known.length} << 1) | (known.protection_information ? 1u : 0u),
                  std::memory_order_relaxed);
  }
  void forget() { packed_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> packed_{0};
};

}  // namespace tgt
