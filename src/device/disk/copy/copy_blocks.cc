// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_blocks.h"

#include <algorithm>

namespace tgt {
namespace {

constexpr std::uint64_t piece = std::uint64_t{1} << 20;  // a multiple of every block size

BlockRange range_at(const Disk& disk, std::uint64_t offset, std::uint64_t bytes) {
  const unsigned exponent = disk.block_size().exponent;
  return {LogicalBlockAddress(offset >> exponent), BlockCount(bytes >> exponent)};
}

// Would copying from the front overwrite what is still to be read?
bool must_begin_at_the_end(const CopySpan& span) {
  return span.source.is_unit_of(span.destination) && span.destination_offset > span.source_offset &&
         span.destination_offset - span.source_offset < span.bytes;
}

}  // namespace

Task<Result<void, PartFault>> copy_blocks(Command& whole, const CopySpan& span, std::uint64_t& moved) {
  const bool backwards = must_begin_at_the_end(span);
  for (std::uint64_t done = 0; done < span.bytes;) {
    const std::uint64_t length = std::min(piece, span.bytes - done);
    const std::uint64_t at = backwards ? span.bytes - done - length : done;
    const BlockRange from = range_at(*span.source.disk, span.source_offset + at, length);
    const BlockRange to = range_at(*span.destination.disk, span.destination_offset + at, length);
    const auto data = co_await read_part(whole, span.source, from);
    if (!data) co_return failure(data.error());
    if (span.source_changed != nullptr && span.source_changed->load()) co_return failure(PartFault{});
    const auto written =
        co_await write_part(whole, span.destination, to, data->first(static_cast<std::size_t>(length)));
    if (!written) co_return failure(written.error());
    done += length;
    moved += length;
  }
  co_return Result<void, PartFault>();
}

}  // namespace tgt
