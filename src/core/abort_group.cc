// SPDX-License-Identifier: Apache-2.0
#include "core/abort_group.h"

#include <utility>

#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "reactor/timer.h"

namespace tgt {

AbortGroup::AbortGroup(std::shared_ptr<LogicalUnit> unit, Shard& shard, Until until)
    : unit_(std::move(unit)), set_(unit_->task_set()), shard_(shard), until_(until) {
  done_.run = [](PostedWork& work) { static_cast<Done&>(work).event.set(); };
}

AbortGroup::~AbortGroup() {
  if (registered_) settle(until_ == Until::left ? AbortVerdict::complete : AbortVerdict::rejected, {});
}

std::vector<Command*> AbortGroup::tasks_there(const TaskSet::Predicate& which) {
  TaskSet::OfShard& mine = set_.shards_[shard_.index()];
  std::vector<Command*> found;
  for (Command* task = mine.tasks.first(); task != nullptr; task = mine.tasks.after(*task)) {
    if (until_ == Until::ended && task->released_) continue;  // its answer is on its way
    if (which(*task)) found.push_back(task);
  }
  found_any_ = !found.empty();
  mine.groups.push_back(this);
  registered_ = true;
  return found;
}

void AbortGroup::watch(const TaskSet::Predicate& which) {
  const std::vector<Command*> found = tasks_there(which);
  running_.insert(found.begin(), found.end());
}

void AbortGroup::mark(const TaskSet::Predicate& which) {
  const std::vector<Command*> found = tasks_there(which);
  for (Command* task : found) {
    if (until_ == Until::left) {
      task->aborted_ = true;
    } else {
      ++task->aborts_;
    }
    (until_ == Until::ended && task->ended_ ? ended_ : running_).insert(task);
  }
  // Hastening one may end it, and others with it.
  for (Command* task : found) {
    if (running_.contains(task)) hasten(*task);
  }
}

void AbortGroup::hasten(Command& command) {
  if (command.ended_) {
    release(command);  // kept back for another function; this one does not wait for that verdict
    return;
  }
  set_.cancel_if_dormant(command);
  if (command.in_device_) unit_->device().abort(command);
  if (running_.contains(&command) && command.fetching_) command.abandon_data_out();
  if (running_.contains(&command) && command.part_ != nullptr) hasten_part(*command.part_);
}

// Nothing has begun while it is dormant where it is; what others run there must not hold this unit up.
void AbortGroup::hasten_part(Command& part) {
  LogicalUnit& there = part.itl().unit();
  there.task_set().cancel_if_dormant(part);
  if (part.in_device_) there.device().abort(part);
}

Task<bool> AbortGroup::wait(std::optional<TimePoint> until) {
  const bool none_runs = running_.empty();
  if (none_runs) co_return true;
  done_.event.reset();
  awaited_ = true;
  Timer timer(
      shard_,
      [](void* context) {
        auto& group = *static_cast<AbortGroup*>(context);
        if (!group.told_) group.done_.event.set();
      },
      this);
  if (until) timer.arm_at(*until);
  co_await done_.event.wait();
  awaited_ = false;
  co_return running_.empty();
}

void AbortGroup::ended(Command& command) {
  if (until_ != Until::ended || running_.erase(&command) == 0) return;
  ended_.insert(&command);
  tell_if_empty();
}

void AbortGroup::left(Command& command) {
  ended_.erase(&command);
  if (running_.erase(&command) != 0) tell_if_empty();
}

// Not at once: the task that has just ended still has its own way to go to its end.
void AbortGroup::tell_if_empty() {
  if (!running_.empty() || !awaited_ || told_) return;
  told_ = true;
  shard_.at_end_of_turn(done_);
}

void AbortGroup::settle(AbortVerdict verdict, const Notice& notice) {
  deregister();
  for (Command* task : running_) {
    if (until_ == Until::ended) --task->aborts_;
  }
  for (Command* task : ended_) {
    --task->aborts_;
    if (verdict == AbortVerdict::complete) {
      task->aborted_ = true;
      if (notice.condition && &task->nexus() != notice.except) {
        unit_->unit_attentions().establish_for(task->itl(), *notice.condition);
      }
    }
    if (task->aborted_ || task->aborts_ == 0) release(*task);
  }
  running_.clear();
  ended_.clear();
}

void AbortGroup::release(Command& command) {
  if (std::exchange(command.released_, true)) return;
  TaskSet::wake(command);
}

void AbortGroup::deregister() {
  if (std::exchange(registered_, false)) std::erase(set_.shards_[shard_.index()].groups, this);
}

}  // namespace tgt
