// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "scsi/sense.h"
#include "scsi/third_party_copy.h"

namespace tgt {

// The parameter list of EXTENDED COPY(LID1) (SPC-5, 6.5), taken apart. What can be judged without knowing the logical
// units has been.
struct CopyList {
  // Told in RECEIVE COPY OPERATING PARAMETERS and VPD page 8Fh.
  static constexpr std::uint16_t most_cscds = 64;
  static constexpr std::uint16_t most_segments = 256;
  static constexpr std::uint32_t longest_descriptors = most_cscds * sizeof(third_party_copy::IdentificationDescriptor) +
                                                       most_segments * sizeof(third_party_copy::BlockToBlockSegment);
  static constexpr std::size_t longest = sizeof(third_party_copy::ExtendedCopyHeader) + longest_descriptors;

  static Result<CopyList, Sense> parse(Bytes list);

  std::optional<std::uint8_t> identifier{};  // none: no status is wanted afterwards
  std::vector<third_party_copy::IdentificationDescriptor> cscds;
  std::vector<third_party_copy::BlockToBlockSegment> segments;
};

// Where a CSCD descriptor stands in the list.
constexpr std::size_t cscd_position(std::size_t index) {
  return sizeof(third_party_copy::ExtendedCopyHeader) + index * sizeof(third_party_copy::IdentificationDescriptor);
}

}  // namespace tgt
