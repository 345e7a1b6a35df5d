// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/copy/rod_tokens.h"

namespace tgt {

// The block device range descriptors at the end of a POPULATE TOKEN or WRITE USING TOKEN parameter list (SBC-4, 5.19
// and 5.44).
struct TokenRanges {
  RodTokens::Ranges ranges;  // none of them empty
  std::uint64_t blocks = 0;  // in all of them

  // `length_field`: where BLOCK DEVICE RANGE DESCRIPTOR LENGTH stands, after which the descriptors follow. Every range
  // is within the disk, none overlaps another one, and together they are no more than one token may have.
  static Result<TokenRanges, Sense> parse(const Disk& disk, Bytes list, std::uint16_t length_field);
};

}  // namespace tgt
