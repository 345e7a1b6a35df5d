// SPDX-License-Identifier: Apache-2.0
#include "device/disk/block_range.h"

namespace tgt {

std::optional<Sense> refuses_transfer(const Disk& disk, const BlockRange& range, Field length) {
  if (auto reason = range.unreachable(disk)) return reason;
  if (range.count.value <= Disk::largest_transfer >> disk.block_size().exponent) return std::nullopt;
  return Sense::invalid_field_in_cdb(length);
}

std::optional<Sense> refuses_write(const Disk& disk, const BlockRange& range, Field length) {
  if (auto reason = refuses_transfer(disk, range, length)) return reason;
  return disk.write_protection();
}

}  // namespace tgt
