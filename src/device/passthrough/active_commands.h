// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "core/command.h"
#include "initiator/execution.h"

namespace tgt {

// The commands of one device that an initiator port has, so that a task management function finds its request. A list
// for each data shard, touched by that shard only.
class ActiveCommands {
  struct List;

 public:
  explicit ActiveCommands(unsigned shards) : lists_(shards) {}

  // While it lives the command is listed. In the frame that awaits the execution.
  class Entry {
   public:
    Entry(ActiveCommands& owner, Command& command, Execution& execution)
        : list_(owner.list_of(command.shard())), command_(command), execution_(execution), next_(list_.first) {
      if (next_ != nullptr) next_->previous_ = this;
      list_.first = this;
      ++list_.count;
    }
    ~Entry() {
      (previous_ == nullptr ? list_.first : previous_->next_) = next_;
      if (next_ != nullptr) next_->previous_ = previous_;
      --list_.count;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class ActiveCommands;
    List& list_;
    Command& command_;
    Execution& execution_;
    Entry* next_ = nullptr;
    Entry* previous_ = nullptr;
  };

  // Takes the command's request back from the port's queue, if it is still there. On the command's shard.
  void drop(const Command& command) {
    for (Entry* entry = list_of(command.shard()).first; entry != nullptr; entry = entry->next_) {
      if (&entry->command_ == &command) entry->execution_.drop();
    }
  }
  // Has this shard others under way than the one that asks?
  bool any_but_one(const Shard& shard) { return list_of(shard).count > 1; }

 private:
  struct alignas(64) List {
    Entry* first = nullptr;
    std::size_t count = 0;
  };
  List& list_of(const Shard& shard) { return lists_[shard.index()]; }

  std::vector<List> lists_;
};

}  // namespace tgt
