// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tgt {

// One field of a CDB or a parameter list, named by its place in the standard's table: byte, most significant bit
// (7 to 0), width in bits (1 to 64).
struct Field {
  std::uint16_t byte;
  std::uint8_t most_significant_bit;
  std::uint8_t width;

  // The field's value. Bytes beyond the end of `from` read as zero.
  constexpr std::uint64_t read(Bytes from) const {
    const unsigned skipped = 7u - most_significant_bit;
    if (skipped == 0 && width % 8 == 0) return read_whole_bytes(from);
    std::uint64_t value = 0;
    for (unsigned bit = 0; bit < width; ++bit) {
      const unsigned at = skipped + bit;
      const std::size_t index = byte + at / 8;
      const unsigned source = index < from.size() ? from[index] : 0u;
      value = (value << 1) | ((source >> (7 - at % 8)) & 1u);
    }
    return value;
  }

  // Writes the field's low `width` bits of value; the bytes must be there.
  constexpr void write(MutableBytes to, std::uint64_t value) const {
    for (unsigned bit = 0; bit < width; ++bit) {
      const unsigned at = 7u - most_significant_bit + bit;
      const auto mask = static_cast<std::uint8_t>(0x80u >> (at % 8));
      std::uint8_t& target = to[byte + at / 8];
      const bool one = ((value >> (width - 1 - bit)) & 1u) != 0;
      target = static_cast<std::uint8_t>(one ? target | mask : target & ~mask);
    }
  }

 private:
  constexpr std::uint64_t read_whole_bytes(Bytes from) const {
    std::uint64_t value = 0;
    for (std::size_t index = byte; index < byte + width / 8u; ++index) {
      value = (value << 8) | (index < from.size() ? from[index] : 0u);
    }
    return value;
  }
};

// Which bits of a CDB the device server looks at (SPC-6, REPORT SUPPORTED OPERATION CODES, CDB USAGE DATA).
using UsageMap = std::array<std::uint8_t, 32>;

constexpr void mark(UsageMap& map, Field field) {
  for (unsigned bit = 0; bit < field.width; ++bit) {
    const unsigned at = 7u - field.most_significant_bit + bit;
    map[field.byte + at / 8] = static_cast<std::uint8_t>(map[field.byte + at / 8] | (0x80u >> (at % 8)));
  }
}

}  // namespace tgt
