// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "scsi/third_party_copy.h"

// What is told of copies in RECEIVE COPY OPERATING PARAMETERS and in VPD page 8Fh, beside the numbers that the classes
// which enforce them have.
namespace tgt::copy_limits {

// 65535 blocks, which is what a segment descriptor has room for, of 65536 bytes: no disk takes more.
inline constexpr std::uint32_t longest_segment = 65535u << 16;
inline constexpr std::uint8_t granularity = 9;  // a power of two: the smallest block that a disk has

// Segment and CSCD descriptor types, ascending.
inline constexpr std::array<std::uint8_t, 2> descriptor_types{third_party_copy::BlockToBlockSegment::type_code,
                                                              third_party_copy::IdentificationDescriptor::type_code};

}  // namespace tgt::copy_limits
