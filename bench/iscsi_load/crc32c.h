// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace tgt::bench {

// CRC32C as RFC 7143, clause 13.1, uses it for header and data digests, taken in any number of pieces.
class Crc32c {
 public:
  void add(std::span<const std::uint8_t> bytes);
  // The four bytes as they stand on the wire.
  [[nodiscard]] std::array<std::uint8_t, 4> digest() const;

 private:
  std::uint32_t state_ = 0xffff'ffff;
};

}  // namespace tgt::bench
