// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>

#include "base/big_endian.h"

namespace tgt {

// A logical unit number of one level: what an administrator calls "LUN 5". 0 to 16383 (SAM-6, 4.7).
struct Lun {
  static constexpr std::uint32_t highest = 0x3fff;
  std::uint32_t number = 0;
  friend constexpr auto operator<=>(Lun, Lun) = default;

  // From the eight bytes of the wire: peripheral device addressing (bus 0) and flat space addressing. Nothing for what
  // names no single-level LUN (further levels, well known logical units, extended addressing).
  static constexpr std::optional<Lun> from_wire(be64 wire) {
    const std::uint64_t value = wire;
    if ((value & 0x0000ffffffffffffull) != 0) return std::nullopt;
    const auto first = static_cast<std::uint32_t>(value >> 48);
    switch (first >> 14) {
      case 0:
        return first <= 0xff ? std::optional(Lun{first}) : std::nullopt;
      case 1:
        return Lun{first & highest};
      default:
        return std::nullopt;
    }
  }
  // Peripheral device addressing up to 255, flat space addressing above.
  constexpr be64 to_wire() const {
    const std::uint64_t method = number <= 0xff ? 0 : 0x4000;
    return (method | number) << 48;
  }
};

// The REPORT LUNS well known logical unit (SPC-6): C1 01h.
inline constexpr std::uint64_t report_luns_well_known_unit = 0xc101000000000000ull;

}  // namespace tgt
