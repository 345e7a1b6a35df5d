// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/compare_and_write.h"
#include "device/disk/disk.h"
#include "device/disk/unmap.h"
#include "device/disk/write_atomic.h"
#include "device/disk/write_same.h"

namespace tgt {

// VPD page B0h (SBC-4, 6.6.3). What is told here the commands enforce.
struct BlockLimitsPage {
  static constexpr auto page = vital_product_data::Page::block_limits;
  static void write(const Disk& disk, const Command&, ParameterWriter& writer) {
    const Disk::Geometry& geometry = disk.geometry();
    const std::uint16_t granularity = geometry.optimal_granularity;
    const unsigned exponent = disk.block_size().exponent;
    vital_product_data::BlockLimits limits;
    limits.write_same_non_zero = 1;
    limits.maximum_compare_and_write_length = CompareAndWrite::longest(disk.block_size());
    limits.maximum_write_same_length = WritingSame::longest;
    limits.maximum_atomic_transfer_length = WriteAtomic16::longest(disk);
    limits.atomic_alignment = WriteAtomic16::granularity(disk);
    limits.atomic_transfer_length_granularity = WriteAtomic16::granularity(disk);
    if (disk.thin()) {
      limits.maximum_unmap_lba_count = Unmap::most_bytes >> exponent;
      limits.maximum_unmap_block_descriptor_count = Unmap::most_descriptors;
      limits.optimal_unmap_granularity = 1u << geometry.physical_block_exponent;
    }
    limits.optimal_transfer_length_granularity =
        granularity != 0 ? granularity : static_cast<std::uint16_t>(1u << geometry.physical_block_exponent);
    limits.maximum_transfer_length = static_cast<std::uint32_t>(Disk::largest_transfer >> exponent);
    limits.optimal_transfer_length = std::uint32_t{geometry.optimal_length};
    writer.append(limits);
  }
};

}  // namespace tgt
