// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>

namespace tgt::bench {

void Crc32c::add(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t longest_call = std::size_t{1} << 30;  // ISA-L counts in int
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), longest_call));
    // ISA-L only reads; its signature forgot const.
    state_ = crc32_iscsi(const_cast<unsigned char*>(piece.data()), static_cast<int>(piece.size()), state_);
    bytes = bytes.subspan(piece.size());
  }
}

std::array<std::uint8_t, 4> Crc32c::digest() const {
  const std::uint32_t value = ~state_;
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 24)};
}

}  // namespace tgt::bench
