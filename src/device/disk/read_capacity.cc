// SPDX-License-Identifier: Apache-2.0
#include "device/disk/read_capacity.h"

#include <algorithm>

#include "scsi/read_capacity.h"

namespace tgt {

Reply ReadCapacity10::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) return Reply::check_condition(*reason);
  const std::uint64_t last = std::min<std::uint64_t>(disk.capacity().value - 1, 0xffffffffull);
  const ReadCapacity10Data data{.returned_logical_block_address = static_cast<std::uint32_t>(last),
                                .logical_block_length = disk.block_size().bytes()};
  return parameter_data(command, sizeof data, [&](ParameterWriter& writer) { writer.append(data); });
}

Reply ReadCapacity16::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) return Reply::check_condition(*reason);
  const Disk::Geometry& geometry = disk.geometry();
  ReadCapacity16Data data{.returned_logical_block_address = disk.capacity().value - 1,
                          .logical_block_length = disk.block_size().bytes()};
  data.logical_blocks_per_physical_block = geometry.physical_block_exponent;
  unsigned provisioning = geometry.lowest_aligned_address;
  if (disk.thin()) provisioning |= ReadCapacity16Data::provisioning_enabled | ReadCapacity16Data::unmapped_reads_zero;
  data.provisioning_and_lowest_aligned_address = static_cast<std::uint16_t>(provisioning);
  return parameter_data(command, sizeof data, [&](ParameterWriter& writer) { writer.append(data); });
}

}  // namespace tgt
