// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
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
  // What a token stands for. Once `changed` is set what was read of the ranges may be newer than the token.
  struct Content {
    explicit Content(Ranges of) : ranges(std::move(of)) {}
    const Ranges ranges;
    std::atomic<bool> changed{false};
  };

  // `token` has everything but its identifier and its secret. An error: no room, or no random numbers.
  Result<std::shared_ptr<const RodToken>, Sense> create(RodToken token, Ranges ranges, Duration inactivity,
                                                        TimePoint now);
  // What a token stands for: token unknown, expired, or revoked. Using it keeps it alive.
  Result<std::shared_ptr<const Content>, Sense> find(const RodToken& token, TimePoint now);
  void erase(const RodToken& token);
  // Before these blocks are changed: tokens that stand for one of them are revoked. Quick while there is no token.
  void revoke(const BlockRange& range) {
    if (in_force_.load() != 0) revoke_overlapping(range);
  }
  // Another medium is there: no token stands for its data.
  void erase_all();

 private:
  struct Entry {
    std::shared_ptr<const RodToken> token;
    std::shared_ptr<Content> content;
    Duration inactivity{};
    TimePoint expires{};
    TimePoint dies{};
  };
  std::vector<Entry>::iterator place_of(const RodToken& token);
  void revoke_overlapping(const BlockRange& range);
  template <class Predicate>
  void erase_if(Predicate predicate);

  Mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t next_identifier_ = 1;
  std::atomic<std::size_t> in_force_{0};  // entries that are not revoked
};

}  // namespace tgt
