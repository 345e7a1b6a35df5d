// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "reactor/bell.h"
#include "reactor/mutex.h"
#include "reactor/task.h"
#include "store/io_fault.h"

namespace tgt {

// The flushes of one file by all shards, one at a time. The kernel tells of lost bytes once: of two that flush at the
// same time one hears of them and the other one is told that all is well. Who comes while a flush is under way waits
// for the next one, which all share that wait for it.
class SharedFlush {
 public:
  using Outcome = Result<void, IoFault>;
  // Ends when a flush that began after this call has gone well, or when `flush`, called from here, has not.
  Task<Outcome> run(Shard& shard, std::function<Task<Outcome>()> flush);

 private:
  struct Ticket {
    std::uint64_t wanted = 0;  // a flush with this number, or a later one, covers what was written before
    std::uint64_t mine = 0;    // the number of the flush that this caller is to make
    bool covered = false;
  };
  // Looks whether it is done, or whose turn it is.
  void look(Ticket& ticket);
  void end(std::uint64_t number, bool went_well);

  Mutex mutex_;
  std::uint64_t begun_ = 0;
  std::uint64_t went_well_ = 0;  // the latest one that did
  bool under_way_ = false;
  Bell ended_;
};

}  // namespace tgt
