// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace tgt {

// CRC32C, as in iSCSI digests (RFC 7143, 13.1) and in files of our own, over pieces that are fed one after the other.
class Crc32c {
 public:
  // As it stands on the wire: the low-order byte first.
  using Digest = std::array<std::uint8_t, 4>;

  void add(Bytes bytes);
  Digest digest() const;

  static Digest of(Bytes bytes) {
    Crc32c crc;
    crc.add(bytes);
    return crc.digest();
  }

 private:
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace tgt
