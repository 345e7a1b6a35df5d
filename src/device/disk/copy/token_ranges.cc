// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/token_ranges.h"

#include <algorithm>

#include "scsi/copy_sense.h"

namespace tgt {
namespace {

struct RangeDescriptor {
  be64 logical_block_address{};
  be32 number_of_logical_blocks{};
  be32 reserved{};
};
static_assert(WireStruct<RangeDescriptor> && sizeof(RangeDescriptor) == 16);

bool any_overlap(RodTokens::Ranges ranges) {
  std::ranges::sort(ranges, {}, &BlockRange::address);
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].address.value - ranges[i - 1].address.value < ranges[i - 1].count.value) return true;
  }
  return false;
}

}  // namespace

Result<TokenRanges, Sense> TokenRanges::parse(const Disk& disk, Bytes list, std::uint16_t length_field) {
  const Sense bad_length = Sense::invalid_field_in_parameter_list(length_field);
  const auto length = read_wire<be16>(list.subspan(length_field));
  if (!length) return failure(Sense::parameter_list_length_error());
  Bytes rest = list.subspan(length_field + sizeof(be16));
  if (*length > rest.size() || *length < sizeof(RangeDescriptor)) return failure(bad_length);
  rest = rest.first(*length / sizeof(RangeDescriptor) * sizeof(RangeDescriptor));
  if (rest.size() / sizeof(RangeDescriptor) > RodTokens::most_ranges) {
    return failure(copy_sense::pointing_at(copy_sense::too_many_segment_descriptors, length_field));
  }
  TokenRanges parsed;
  while (const auto descriptor = read_wire<RangeDescriptor>(rest)) {
    const BlockRange range{LogicalBlockAddress(descriptor->logical_block_address),
                           BlockCount(descriptor->number_of_logical_blocks)};
    const auto at = static_cast<std::uint16_t>(rest.data() - list.data());
    rest = rest.subspan(sizeof *descriptor);
    if (range.count.value == 0) continue;
    if (const auto reason = range.unreachable(disk)) return failure(*reason);
    parsed.blocks += range.count.value;
    if (parsed.blocks > RodTokens::most_bytes >> disk.block_size().exponent) {
      return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + sizeof(be64))));
    }
    parsed.ranges.push_back(range);
  }
  if (any_overlap(parsed.ranges)) return failure(Sense::invalid_field_in_parameter_list(length_field));
  return parsed;
}

}  // namespace tgt
