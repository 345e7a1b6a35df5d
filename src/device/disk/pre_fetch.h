// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// SBC-4, 5.14. The cache below is the host's own and fetches as it likes: the range is checked, and CONDITION MET says
// that there would be room for it. No blocks means all up to the end.
template <class Layout>
struct PreFetchOf : Layout {
  static constexpr Field immediate{1, 1, 1};
  static constexpr std::array fields{immediate, Layout::logical_block_address, Layout::transfer_length,
                                     Layout::group_number};
  static constexpr Access access = Access::read;
  static Reply run(Disk& disk, Command& command) {
    const BlockRange range = BlockRange::of(command, Layout::logical_block_address, Layout::transfer_length);
    if (const auto refused = range.unreachable(disk)) return Reply::check_condition(*refused);
    return Reply::with_status(Status::condition_met);
  }
};

struct PreFetch10 : PreFetchOf<Layout10> {
  static constexpr std::string_view name = "PRE-FETCH(10)";
  static constexpr std::uint8_t operation_code = operation_code::pre_fetch_10;
};

struct PreFetch16 : PreFetchOf<Layout16> {
  static constexpr std::string_view name = "PRE-FETCH(16)";
  static constexpr std::uint8_t operation_code = operation_code::pre_fetch_16;
};

}  // namespace tgt
