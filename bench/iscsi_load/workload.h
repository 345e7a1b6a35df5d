// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "iscsi_load/options.h"
#include "iscsi_load/result.h"

namespace tgt::bench {

// A logical unit is used in chunks of one command's length; this is a run of them.
struct Extent {
  std::uint64_t first_chunk = 0;
  std::uint64_t chunks = 0;
};

struct Medium {
  std::uint64_t blocks = 0;
  std::uint32_t block_length = 0;
};

// The part of the medium that session number `session` works on: all of the region when addresses are random, a part
// of its own when they are sequential or when contents are verified.
Result<Extent> extent_for(const Options& options, const Medium& medium, unsigned session);

enum class Direction : std::uint8_t { read, write };

struct Transfer {
  std::uint64_t chunk = 0;
  Direction direction = Direction::read;
};

// Chooses what a session does next. The same seed gives the same choices.
class Workload {
 public:
  Workload(const Options& options, Extent extent, std::uint64_t seed);
  Transfer next();

 private:
  std::uint64_t random();

  Extent extent_;
  Order order_;
  unsigned read_share_;
  std::uint64_t state_;
  std::uint64_t position_ = 0;
};

}  // namespace tgt::bench
