// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "base/log.h"
#include "initiator/generic_node.h"
#include "initiator/initiator_port.h"
#include "reactor/blocking_pool.h"

namespace tgt {

// The reset call of a device's generic node, which may take minutes: on a thread of its own, so that it stops nothing
// else, and given up in bounded time. From any shard.
class GenericReset {
 public:
  // The node is shared with a call that may never return.
  GenericReset(std::shared_ptr<GenericNode> node, std::string name, Log log);

  // As InitiatorPort::reset(). As long as an earlier call has not returned the kernel takes no other, and this fails.
  Task<InitiatorPort::ResetResult> perform(Shard& shard, InitiatorPort::ResetLevel level);
  // No call is under way, or it is left behind.
  void close();

 private:
  struct Call;
  Task<bool> returned(Shard& shard, std::shared_ptr<Call> call, TimePoint deadline);

  std::shared_ptr<GenericNode> node_;
  std::string name_;
  Log log_;
  std::shared_ptr<BlockingPool> thread_;
  std::shared_ptr<std::atomic<bool>> under_way_;  // a call's too, which may return after this has gone
};

}  // namespace tgt
