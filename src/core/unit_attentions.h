// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>

#include "reactor/mutex.h"
#include "scsi/sense.h"

namespace tgt {

class ItlNexus;

// The pending unit attention conditions of one logical unit, a queue for each nexus (SAM-6, 5.14). At most 16 a nexus,
// then the queue collapses to POWER ON, RESET OR BUS DEVICE RESET OCCURRED, which tells an initiator to look at
// everything again. A reset condition drops what it supersedes. From any shard.
class UnitAttentions {
 public:
  static constexpr std::size_t longest_queue = 16;

  void attach(ItlNexus& itl);
  void detach(ItlNexus& itl);

  // For every nexus but `except` (may be null).
  void establish(const Sense& condition, const ItlNexus* except = nullptr);
  void establish_for(ItlNexus& itl, const Sense& condition);
  // For the nexuses that `which` picks; it is called under the lock and must not call back.
  void establish_where(const std::function<bool(const ItlNexus&)>& which, const Sense& condition);
  // The oldest one, which is cleared by being reported.
  std::optional<Sense> take(ItlNexus& itl);
  std::optional<Sense> peek(ItlNexus& itl);
  // Takes back a condition that the nexus has learned of otherwise.
  void clear(ItlNexus& itl, const Sense& condition);

 private:
  using Queue = std::deque<Sense>;
  static void add(ItlNexus& itl, Queue& queue, const Sense& condition);
  Mutex mutex_;
  std::unordered_map<ItlNexus*, Queue> pending_;
};

}  // namespace tgt
