// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// Where something of one logical unit survives the daemon: its reservations, what initiators saved in it. The daemon
// provides it.
class StateStore {
 public:
  virtual ~StateStore() = default;
  // Replaces what was saved before, as one step. True only when it is on stable storage: after a kill or a power loss
  // at any moment there is either the old or the new, whole.
  virtual Task<bool> save(Shard& shard, std::vector<std::uint8_t> blob) = 0;
};

}  // namespace tgt
