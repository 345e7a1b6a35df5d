// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

namespace tgt {

// SPC-6, 6.33: the header; the LUNs follow as be64.
struct ReportLunsHeader {
  be32 lun_list_length{};
  be32 reserved{};
};
static_assert(WireStruct<ReportLunsHeader> && sizeof(ReportLunsHeader) == 8);

// SELECT REPORT.
enum class SelectReport : std::uint8_t {
  addressable = 0x00,  // all but the well known ones
  well_known = 0x01,
  all = 0x02,
  administrative = 0x10,  // 10h to 12h: administrative and subsidiary logical units
  administrative_and_subsidiary = 0x11,
  subsidiary = 0x12,
};

}  // namespace tgt
