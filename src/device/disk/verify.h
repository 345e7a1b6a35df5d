// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/block_range.h"
#include "device/disk/cdb_layout.h"
#include "scsi/opcodes.h"

namespace tgt {

// BYTCHK of VERIFY (SBC-4, 5.37).
enum class ByteCheck : std::uint8_t {
  none = 0,         // the blocks can be read
  compare = 1,      // they are equal to as many blocks of Data-Out
  compare_one = 3,  // each is equal to the one block of Data-Out
};

// The part of VERIFY that does not depend on the length of the CDB. MAXIMUM TRANSFER LENGTH (VPD B0h) bounds how much
// is verified, whether data comes with it or not.
struct Verifying {
  static constexpr Field byte_check{1, 2, 2};
  BlockRange range;
  Field length{};  // where an unacceptable count stands
  ByteCheck check{};
};
Task<Reply> verify_blocks(Disk& disk, Command& command, Verifying verifying);

template <class Layout>
struct VerifyOf : Layout {
  static constexpr Field disable_page_out{1, 4, 1};
  static constexpr std::array fields{disable_page_out, Verifying::byte_check, Layout::logical_block_address,
                                     Layout::transfer_length, Layout::group_number};
  static constexpr Access access = Access::read;
  static constexpr std::uint32_t timeout_seconds = 300;
  static Task<Reply> run(Disk& disk, Command& command) {
    return verify_blocks(disk, command,
                         {.range = BlockRange::of(command, Layout::logical_block_address, Layout::transfer_length),
                          .length = Layout::transfer_length,
                          .check = static_cast<ByteCheck>(command[Verifying::byte_check])});
  }
};

// SBC-4, 5.37.
struct Verify10 : VerifyOf<Layout10> {
  static constexpr std::string_view name = "VERIFY(10)";
  static constexpr std::uint8_t operation_code = operation_code::verify_10;
};

// SBC-4, 5.38.
struct Verify12 : VerifyOf<Layout12> {
  static constexpr std::string_view name = "VERIFY(12)";
  static constexpr std::uint8_t operation_code = operation_code::verify_12;
};

// SBC-4, 5.39.
struct Verify16 : VerifyOf<Layout16> {
  static constexpr std::string_view name = "VERIFY(16)";
  static constexpr std::uint8_t operation_code = operation_code::verify_16;
};

}  // namespace tgt
