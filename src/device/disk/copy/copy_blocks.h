// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>

#include "device/disk/copy/copy_part.h"

namespace tgt {

// Bytes of one disk that are to be on another one, or elsewhere on the same. Both offsets and the length are whole
// blocks of their disks.
struct CopySpan {
  CopyEnd source;
  std::uint64_t source_offset = 0;
  const std::atomic<bool>* source_changed = nullptr;  // when it is set, what has been read is not what was asked for
  CopyEnd destination;
  std::uint64_t destination_offset = 0;
  std::uint64_t bytes = 0;
};

// Moves them in pieces of at most a mebibyte, of which only one is in memory. Ranges that overlap are copied as if all
// had been read before the first write. `moved` counts along.
Task<Result<void, PartFault>> copy_blocks(Command& whole, const CopySpan& span, std::uint64_t& moved);

}  // namespace tgt
