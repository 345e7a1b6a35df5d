// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/workload.h"

#include <fmt/format.h>

#include <algorithm>

namespace tgt::bench {

Result<Extent> extent_for(const Options& options, const Medium& medium, unsigned session) {
  if (medium.block_length == 0 || options.block_size % medium.block_length != 0) {
    return fault(fmt::format("commands of {} bytes are no multiple of the logical block of {} bytes",
                             options.block_size, medium.block_length));
  }
  const std::uint64_t per_chunk = options.block_size / medium.block_length;
  std::uint64_t chunks = medium.blocks / per_chunk;
  if (options.region != 0) chunks = std::min(chunks, options.region / options.block_size);
  const bool own_part = options.order == Order::sequential || options.verify;
  if (own_part) chunks /= options.sessions;
  if (chunks == 0) return fault("the logical unit, or the region, is too small for this load");
  return Extent{.first_chunk = own_part ? chunks * session : 0, .chunks = chunks};
}

Workload::Workload(const Options& options, Extent extent, std::uint64_t seed)
    : extent_(extent), order_(options.order), read_share_(read_share(options)), state_(seed * 2 + 1) {
  for (int i = 0; i < 8; ++i) random();  // small seeds differ in few bits
}

// xorshift64*: two shifts and a multiplication are all a million choices a second can spend.
std::uint64_t Workload::random() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return state_ * 0x2545'f491'4f6c'dd1dULL;
}

Transfer Workload::next() {
  Transfer transfer;
  if (read_share_ == 0 || (read_share_ < 100 && (random() >> 32) % 100 >= read_share_)) {
    transfer.direction = Direction::write;
  }
  if (order_ == Order::random) {
    transfer.chunk = extent_.first_chunk + (random() >> 8) % extent_.chunks;
  } else {
    transfer.chunk = extent_.first_chunk + position_;
    position_ = position_ + 1 == extent_.chunks ? 0 : position_ + 1;
  }
  return transfer;
}

}  // namespace tgt::bench
