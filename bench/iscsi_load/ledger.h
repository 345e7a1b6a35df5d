// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "iscsi_load/workload.h"

namespace tgt::bench {

// What --verify knows about the chunks of one session: how often each was written and whether a command is using it.
// A chunk's contents follow from its number and that count, so a lost, stale, torn or misplaced write is seen.
class Ledger {
 public:
  explicit Ledger(Extent extent) : extent_(extent), entries_(extent.chunks) {}

  // Claims the transfer's chunk. A read of a chunk that was never written becomes a write. Nothing is claimed, and
  // nothing returned, when another command uses the chunk: its order against this one would be open.
  std::optional<Transfer> claim(Transfer transfer);
  void release(Transfer transfer);
  // The next chunk, in order, that was written at some time; for the final read of everything.
  std::optional<Transfer> next_to_read_back();

  void fill(std::uint64_t chunk, std::span<std::uint8_t> buffer) const;
  // The offset of the first wrong byte.
  [[nodiscard]] std::optional<std::size_t> mismatch(std::uint64_t chunk, std::span<const std::uint8_t> buffer) const;

 private:
  struct Entry {
    std::uint32_t writes = 0;
    bool in_use = false;
  };

  [[nodiscard]] std::uint64_t word(std::uint64_t chunk, std::size_t index) const;

  Extent extent_;
  std::vector<Entry> entries_;
  std::uint64_t read_back_ = 0;
};

}  // namespace tgt::bench
