// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "reactor/mutex.h"
#include "scsi/sense.h"

namespace tgt {

class ItlNexus;

// Deferred errors of the device (SPC-6, response codes 71h and 73h): what became of data that it had taken and answered
// GOOD. It tells the one initiator that it knows, the host, with whatever command comes next; here they are kept for
// the initiator whose data it was. None is lost: that of an initiator that has gone is for anybody. From any shard.
class DeferredErrors {
 public:
  // This initiator has given the device something that it may write later. One load when it was the last to do so.
  void wrote(const ItlNexus& itl);
  // The device has told an error to a command of `finder`; null when no initiator hears what becomes of that command.
  // True: it is kept, and the finder has not to know. False: the finder is to be told, now.
  bool keep(const SenseData& error, const ItlNexus* finder);
  // Whether any is kept: one load.
  bool any() const { return any_.load(std::memory_order_acquire); }
  // What this initiator is to be told before anything else.
  std::optional<SenseData> take(const ItlNexus& itl);

 private:
  // Expires with the initiator's view of the unit.
  using Writer = std::weak_ptr<const ItlNexus>;
  struct Kept {
    Writer writer;
    SenseData error;
  };
  static constexpr std::size_t most = 16;

  Mutex mutex_;
  Writer last_writer_;
  // The same one. As long as it is remembered its memory, which std::make_shared gave it, goes to no other.
  std::atomic<const ItlNexus*> last_{nullptr};
  std::vector<Kept> kept_;
  std::atomic<bool> any_{false};
};

}  // namespace tgt
