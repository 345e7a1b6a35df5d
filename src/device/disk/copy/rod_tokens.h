// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "device/disk/block_range.h"
#include "device/disk/copy/rod_token.h"
#include "reactor/mutex.h"
#include "reactor/time.h"

namespace tgt {

// The ROD tokens that one disk has given out: which blocks each of them stands for, and how long. There are only so
// many: the one that would expire first makes room for another, but none that is in use, and rather one of the
// initiator that asks than of another (VPD page 8Fh promises no minimum lifetime). From any shard.
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

  struct Wanted {
    RodToken token{};  // all but its identifier and its secret
    Ranges ranges{};
    Duration inactivity{};
    std::string initiator{};  // the name of the one that asks
  };
  // An error: all are in use, or no random numbers.
  Result<std::shared_ptr<const RodToken>, Sense> create(Wanted wanted, TimePoint now);
  // What a token stands for: token unknown, expired, or revoked. Using it keeps it alive; it is in use for as long as
  // somebody has the content.
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
    std::string initiator;
    Duration inactivity{};
    TimePoint expires{};
    TimePoint dies{};

    // Nobody else gets at `content` but under the lock, so one that is not in use stays so. One that is must stay, too,
    // to be told of changes.
    bool in_use() const { return content.use_count() > 1; }
  };
  std::vector<Entry>::iterator place_of(const RodToken& token);
  void revoke_overlapping(const BlockRange& range);
  void erase_expired(TimePoint now);
  bool make_room(const std::string& initiator);
  template <class Predicate>
  void erase_if(Predicate predicate);

  Mutex mutex_;
  std::vector<Entry> entries_;
  std::uint64_t next_identifier_ = 1;
  std::atomic<std::size_t> in_force_{0};  // entries that are not revoked
};

}  // namespace tgt
