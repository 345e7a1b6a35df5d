// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// The part of WRITE AND VERIFY that does not depend on the length of the CDB.
struct WritingAndVerifying {
  static constexpr Field byte_check{1, 2, 2};
  BlockRange range;
  Field length{};           // where an unacceptable count stands
  std::uint64_t check = 0;  // BYTCHK: 0 reads the blocks back, 1 compares them too
};
Task<Reply> write_and_verify_blocks(Disk& disk, Command& command, WritingAndVerifying writing);

template <class Layout>
struct WriteAndVerifyOf : Layout {
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr std::array fields{disable_page_out, WritingAndVerifying::byte_check, Layout::logical_block_address,
                                     Layout::transfer_length, Layout::group_number};
  static constexpr Access access = Access::write;
  static Task<Reply> run(Disk& disk, Command& command) {
    return write_and_verify_blocks(
        disk, command,
        {.range = BlockRange::of(command, Layout::logical_block_address, Layout::transfer_length),
         .length = Layout::transfer_length,
         .check = command[WritingAndVerifying::byte_check]});
  }
};

// SBC-4, 5.49.
struct WriteAndVerify10 : WriteAndVerifyOf<Layout10> {
  static constexpr std::string_view name = "WRITE AND VERIFY(10)";
  static constexpr std::uint8_t operation_code = operation_code::write_and_verify_10;
};

// SBC-4, 5.50.
struct WriteAndVerify12 : WriteAndVerifyOf<Layout12> {
  static constexpr std::string_view name = "WRITE AND VERIFY(12)";
  static constexpr std::uint8_t operation_code = operation_code::write_and_verify_12;
};

// SBC-4, 5.51.
struct WriteAndVerify16 : WriteAndVerifyOf<Layout16> {
  static constexpr std::string_view name = "WRITE AND VERIFY(16)";
  static constexpr std::uint8_t operation_code = operation_code::write_and_verify_16;
};

}  // namespace tgt
