// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/ledger.h"

#include <cstring>

namespace tgt::bench {

std::optional<Transfer> Ledger::claim(Transfer transfer) {
  Entry& entry = entries_[transfer.chunk - extent_.first_chunk];
  if (entry.in_use) return std::nullopt;
  entry.in_use = true;
  if (entry.writes == 0) transfer.direction = Direction::write;
  if (transfer.direction == Direction::write) ++entry.writes;
  return transfer;
}

void Ledger::release(Transfer transfer) { entries_[transfer.chunk - extent_.first_chunk].in_use = false; }

std::optional<Transfer> Ledger::next_to_read_back() {
  while (read_back_ < entries_.size()) {
    Entry& entry = entries_[read_back_];
    if (entry.in_use) return std::nullopt;
    ++read_back_;
    if (entry.writes == 0) continue;
    entry.in_use = true;
    return Transfer{.chunk = extent_.first_chunk + read_back_ - 1, .direction = Direction::read};
  }
  return std::nullopt;
}

std::uint64_t Ledger::word(std::uint64_t chunk, std::size_t index) const {
  const std::uint64_t writes = entries_[chunk - extent_.first_chunk].writes;
  std::uint64_t mixed = (chunk << 20 ^ writes) * 0x9e37'79b9'7f4a'7c15ULL;
  mixed = (mixed ^ mixed >> 29) * 0xbf58'476d'1ce4'e5b9ULL;
  return mixed + index * 0xd6e8'feb8'6659'fd93ULL;
}

void Ledger::fill(std::uint64_t chunk, std::span<std::uint8_t> buffer) const {
  for (std::size_t i = 0; i * 8 < buffer.size(); ++i) {
    const std::uint64_t value = word(chunk, i);
    std::memcpy(buffer.data() + i * 8, &value, 8);  // lengths are multiples of a block
  }
}

std::optional<std::size_t> Ledger::mismatch(std::uint64_t chunk, std::span<const std::uint8_t> buffer) const {
  for (std::size_t i = 0; i * 8 < buffer.size(); ++i) {
    const std::uint64_t value = word(chunk, i);
    if (std::memcmp(buffer.data() + i * 8, &value, 8) != 0) return i * 8;
  }
  return std::nullopt;
}

}  // namespace tgt::bench
