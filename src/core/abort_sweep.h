// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "core/abort_group.h"

namespace tgt {

// One abort over several shards of a logical unit: an AbortGroup on each of them. Used by one task, in the order
// mark, wait (again and again), settle; each reaches every shard. The caller's own shard is marked before mark() first
// suspends.
class AbortSweep {
 public:
  // `which` is called on all those shards.
  AbortSweep(Shard& here, const std::vector<Shard*>& shards, std::shared_ptr<LogicalUnit> unit,
             TaskSet::Predicate which, AbortGroup::Until tasks_have = AbortGroup::Until::ended);
  ~AbortSweep();

  Task<void> mark();
  bool found_any() const;
  // True when every marked task has ended (or left).
  Task<bool> wait(std::optional<TimePoint> until);
  Task<void> settle(AbortVerdict verdict, AbortGroup::Notice notice = {});

 private:
  Shard& here_;
  std::vector<Shard*> shards_;
  std::shared_ptr<LogicalUnit> unit_;
  TaskSet::Predicate which_;
  AbortGroup::Until tasks_have_;
  std::vector<std::unique_ptr<AbortGroup>> groups_;  // by shard index; each is its shard's
};

}  // namespace tgt
