// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>

namespace tgt {

// ISA-L neither inverts at the start nor at the end, counts in int, and takes its input as not const.
void Crc32c::add(Bytes bytes) {
  constexpr std::size_t most = std::size_t{1} << 30;
  while (!bytes.empty()) {
    const std::size_t now = std::min(bytes.size(), most);
    state_ = crc32_iscsi(const_cast<unsigned char*>(bytes.data()), static_cast<int>(now), state_);
    bytes = bytes.subspan(now);
  }
}

Crc32c::Digest Crc32c::digest() const {
  const std::uint32_t crc = ~state_;
  return {static_cast<std::uint8_t>(crc), static_cast<std::uint8_t>(crc >> 8), static_cast<std::uint8_t>(crc >> 16),
          static_cast<std::uint8_t>(crc >> 24)};
}

}  // namespace tgt
