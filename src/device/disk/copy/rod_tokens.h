// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "base/result.h"
#include "device/disk/block_range.h"
#include "device/disk/copy/rod_token.h"
#include "reactor/mutex.h"
#include "reactor/time.h"

namespace tgt {

// The ROD tokens that one disk has given out: which blocks each of them stands for, and how long. From any shard.
class RodTokens {
 public:
  // Told in VPD page 8Fh.
  static constexpr std::size_t most_ranges = 64;
  static constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;  // what one command moves, in seconds at most
  static constexpr std::chrono::seconds longest_inactivity{3600};
  static constexpr std::chrono::seconds usual_inactivity{300};
  static constexpr std::chrono::seconds longest_life{86400};
  static constexpr std::size_t most_tokens = 256;

  using Ranges = std::vector<BlockRange>;

  // `token` has everything but its identifier and its secret. An error: no room, or no random numbers.
  Result<std::shared_ptr<const RodToken>, Sense> create(RodToken token, Ranges ranges, Duration inactivity,
                                                        TimePoint now);
  // What a token stands for: token unknown, or expired. Using it keeps it alive.
  Result<std::shared_ptr<const Ranges>, Sense> find(const RodToken& token, TimePoint now);
  void erase(const RodToken& token);
  // Another medium is there: no token stands for its data.
  void erase_all();

 private:
  struct Entry {
    std::shared_ptr<const RodToken> token;
    std::shared_ptr<const Ranges> ranges;
    Duration inactivity{};
    TimePoint expires{};
    TimePoint dies{};
  };
  std::vector<Entry>::iterator place_of(const RodToken& token);

  Mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t next_identifier_ = 1;
};

}  // namespace tgt
