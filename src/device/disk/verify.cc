// SPDX-License-Identifier: Apache-2.0
#include "device/disk/verify.h"

#include "device/disk/medium_comparison.h"

namespace tgt {
namespace {

Task<Reply> compare_with_data_out(Disk& disk, Command& command, Verifying verifying, std::uint64_t length) {
  const BlockRange& range = verifying.range;
  const auto expected = co_await command.data_out(length);
  if (!expected) co_return Reply::check_condition(expected.error());
  if (const auto refused = refuses_transfer(disk, range, verifying.length)) co_return Reply::check_condition(*refused);
  auto different = co_await compare_medium(disk, command, range, *expected);
  co_return different ? std::move(*different) : Reply::good();
}

}  // namespace

Task<Reply> verify_blocks(Disk& disk, Command& command, Verifying verifying) {
  const BlockRange& range = verifying.range;
  if (const auto refused = refuses_transfer(disk, range, verifying.length)) co_return Reply::check_condition(*refused);
  switch (verifying.check) {
    case ByteCheck::none: {
      auto unreadable = co_await compare_medium(disk, command, range, {});
      co_return unreadable ? std::move(*unreadable) : Reply::good();
    }
    case ByteCheck::compare: {
      if (range.count.value == 0) co_return Reply::good();
      co_return co_await compare_with_data_out(disk, command, verifying, range.bytes(disk));
    }
    case ByteCheck::compare_one: {
      if (range.count.value == 0) co_return Reply::good();
      co_return co_await compare_with_data_out(disk, command, verifying, disk.block_size().bytes());
    }
  }
  co_return Reply::check_condition(Sense::invalid_field_in_cdb(Verifying::byte_check));
}

}  // namespace tgt
