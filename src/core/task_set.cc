// SPDX-License-Identifier: Apache-2.0
#include "core/task_set.h"

#include <utility>

#include "core/abort_group.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/nexus.h"
#include "core/target.h"

namespace tgt {

TaskSet::TaskSet(LogicalUnit& unit, const std::vector<Shard*>& shards)
    : unit_(unit), shards_(shards.size()), allowance_(shards.size()) {
  for (std::size_t i = 0; i < shards.size(); ++i) {
    OfShard& mine = shards_[i];
    mine.shard = shards[i];
    mine.drain_request.set = this;
    mine.drain_request.shard = static_cast<unsigned>(i);
    mine.drain_request.run = [](PostedWork& work) {
      auto& request = static_cast<DrainRequest&>(work);
      const std::shared_ptr<LogicalUnit> keep = std::move(request.keep);
      request.set->drain_requested(request.set->shards_[request.shard]);
    };
  }
}

TaskSet::OfShard& TaskSet::of(const Command& command) { return shards_[command.shard().index()]; }

void TaskSet::attach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  nexuses_.insert(&itl);
  ++shards_[itl.nexus().shard().index()].attached;
  if (armed_) itl.arm(ItlNexus::task_ordering);
}

void TaskSet::detach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  if (nexuses_.erase(&itl) != 0) --shards_[itl.nexus().shard().index()].attached;
}

TaskSet::Entry TaskSet::enter(Command& command, Overlap overlap) {
  OfShard& mine = of(command);
  if (!allowance_.take(mine.allowance, [this] { return unit_.device().task_limit(); })) return Entry::full;
  mine.tasks.push_back(command);
  ++command.itl().tasks_;

  using Standing = Command::Standing;
  const TaskAttribute attribute = command.request().attribute;
  Standing standing = Standing::simple;
  if (attribute == TaskAttribute::head_of_queue) standing = Standing::head_of_queue;
  command.alone_ = overlap == Overlap::exclusive_range || overlap == Overlap::sequential;
  if (attribute == TaskAttribute::ordered || command.alone_) standing = Standing::ordered;
  if (command.is_part()) standing = Standing::part;
  const bool has_a_place = attribute == TaskAttribute::ordered || attribute == TaskAttribute::head_of_queue;
  command.steps_back_ = !has_a_place && overlap != Overlap::sequential && !command.is_part();
  const bool in_no_order = standing == Standing::simple || standing == Standing::part;
  const bool quiet = in_no_order && (command.itl().armed() & ItlNexus::task_ordering) == 0;
  if (quiet || overlap == Overlap::independent) {
    ++mine.quiet;
    command.standing_ = Standing::quiet;
    command.state_ = Command::State::enabled;
    return Entry::enabled;
  }
  return enter_armed(command, standing);
}

TaskSet::Entry TaskSet::enter_armed(Command& command, Command::Standing standing) {
  std::vector<OfShard*> requests;
  TaskOrder::Queue enabled;
  Entry entry = Entry::dormant;
  {
    const LockGuard lock(mutex_);
    const bool in_no_order = standing == Command::Standing::simple || standing == Command::Standing::part;
    if (!in_no_order) arm();
    if (standing == Command::Standing::ordered) collect_drain_requests(requests);
    order_.enter(command, standing);
    enabled = order_.enable();
    if (command.state_ == Command::State::enabled) entry = Entry::enabled;
  }
  post(requests);
  wake_all(enabled, &command);
  return entry;
}

void TaskSet::arm() {
  if (armed_) return;
  armed_ = true;
  for (ItlNexus* itl : nexuses_) itl->arm(ItlNexus::task_ordering);
}

void TaskSet::disarm_if_quiet() {
  if (!armed_ || order_.concerns_newcomers()) return;
  armed_ = false;
  drain_began_ = false;
  for (OfShard& mine : shards_) {
    if (std::exchange(mine.undrained, false)) order_.shard_is_drained();
  }
  for (ItlNexus* itl : nexuses_) itl->disarm(ItlNexus::task_ordering);
}

void TaskSet::collect_drain_requests(std::vector<OfShard*>& requests) {
  if (std::exchange(drain_began_, true)) return;
  for (OfShard& mine : shards_) {
    if (mine.attached == 0) continue;
    mine.undrained = true;
    order_.wait_for_shards(1);
    if (std::exchange(mine.asked, true)) continue;  // its report to come is good for this drain too
    mine.drain_request.keep = unit_.weak_from_this().lock();
    requests.push_back(&mine);
  }
}

void TaskSet::post(const std::vector<OfShard*>& requests) {
  for (OfShard* mine : requests) mine->shard->post(mine->drain_request);
}

// Of its tasks those that wait for Data-Out are put aside here: it cost them no lock to begin.
void TaskSet::drain_requested(OfShard& mine) {
  {
    const LockGuard lock(mutex_);
    mine.asked = false;
    for (Command* task = mine.tasks.first(); task != nullptr; task = mine.tasks.after(*task)) {
      const bool steps_back = task->standing_ == Command::Standing::quiet && task->fetching_ && task->steps_back_;
      if (!steps_back) continue;
      order_.put_aside(*task);
      --mine.quiet;
    }
  }
  if (mine.quiet == 0) {
    report_drained(mine);
  } else {
    mine.reports_drained = true;
  }
}

void TaskSet::report_drained(OfShard& mine) {
  TaskOrder::Queue enabled;
  {
    const LockGuard lock(mutex_);
    if (!std::exchange(mine.undrained, false)) return;
    order_.shard_is_drained();
    enabled = order_.enable();
  }
  wake_all(enabled);
}

void TaskSet::wake(Command& command) {
  command.wake_.run = [](PostedWork& work) { static_cast<Command::Wake&>(work).task.resume(); };
  command.shard().post(command.wake_);
}

void TaskSet::wake_all(TaskOrder::Queue queue, const Command* but_not) {
  while (!queue.empty()) {
    Command& command = *queue.first();
    queue.remove(command);
    if (&command != but_not) wake(command);  // from here on it may be gone
  }
}

void TaskSet::one_quiet_less(OfShard& mine) {
  if (--mine.quiet == 0 && std::exchange(mine.reports_drained, false)) report_drained(mine);
}

void TaskSet::leave_order(Command& command) {
  if (command.standing_ == Command::Standing::none) return;
  if (command.standing_ == Command::Standing::quiet) {
    command.standing_ = Command::Standing::none;
    one_quiet_less(of(command));
    return;
  }
  TaskOrder::Queue enabled;
  {
    const LockGuard lock(mutex_);
    order_.end(command);
    enabled = order_.enable();
    disarm_if_quiet();
  }
  wake_all(enabled);
}

void TaskSet::step_aside(Command& command) {
  using Standing = Command::Standing;
  const bool in_order = command.standing_ == Standing::ordered || command.standing_ == Standing::head_of_queue;
  if (!in_order) put_aside(command);
}

void TaskSet::put_aside(Command& command) {
  const bool was_quiet = command.standing_ == Command::Standing::quiet;
  TaskOrder::Queue enabled;
  {
    const LockGuard lock(mutex_);
    order_.put_aside(command);
    enabled = order_.enable();
    disarm_if_quiet();
  }
  wake_all(enabled);
  if (was_quiet) one_quiet_less(of(command));
}

void TaskSet::step_back(Command& command) {
  const bool unseen = command.standing_ == Command::Standing::quiet &&
                      (command.itl().armed() & ItlNexus::task_ordering) == 0;  // a drain will find it
  if (command.steps_back_ && !unseen) put_aside(command);
}

TaskSet::Entry TaskSet::come_back(Command& command) {
  if (command.standing_ != Command::Standing::aside) return Entry::enabled;
  return enter_armed(command, command.alone_ ? Command::Standing::ordered : Command::Standing::part);
}

bool TaskSet::end(Command& command) {
  const OfShard& mine = of(command);
  command.ended_ = true;
  command.in_device_ = false;
  leave_order(command);
  for (AbortGroup* group : mine.groups) group->ended(command);
  // A part has no response to keep back, and the task that it belongs to cannot end before it is gone.
  return command.aborts_ != 0 && !command.aborted_ && !command.is_part();
}

void TaskSet::leave(Command& command) {
  OfShard& mine = of(command);
  mine.tasks.remove(command);
  allowance_.give_back(mine.allowance);
  for (AbortGroup* group : mine.groups) group->left(command);
  ItlNexus& itl = command.itl();
  if (--itl.tasks_ == 0 && (itl.armed() & ItlNexus::removed) != 0) itl.nexus().discard(itl);
}

void TaskSet::freeze() {
  const LockGuard lock(mutex_);
  order_.freeze();
  arm();
}

void TaskSet::thaw() {
  TaskOrder::Queue enabled;
  {
    const LockGuard lock(mutex_);
    order_.thaw();
    enabled = order_.enable();
    disarm_if_quiet();
  }
  wake_all(enabled);
}

void TaskSet::cancel_if_dormant(Command& command) {
  TaskOrder::Queue enabled;
  {
    const LockGuard lock(mutex_);
    if (command.state_ != Command::State::dormant) return;
    order_.cancel(command);
    enabled = order_.enable();
    disarm_if_quiet();
  }
  wake_all(enabled);
  wake(command);
}

bool TaskSet::any_on(const Shard& shard, const Predicate& which) const {
  const auto& tasks = shards_[shard.index()].tasks;
  for (Command* task = tasks.first(); task != nullptr; task = tasks.after(*task)) {
    if (which(*task)) return true;
  }
  return false;
}

void TaskSet::forget_nexuses_on(const Shard& shard, const Target& target) {
  std::vector<ItlNexus*> affected;
  {
    const LockGuard lock(mutex_);
    for (ItlNexus* itl : nexuses_) {
      if (&itl->nexus().shard() == &shard && &itl->nexus().target() == &target) affected.push_back(itl);
    }
  }
  for (ItlNexus* itl : affected) itl->nexus().forget(*itl);
}

void TaskSet::mark_removed(const Target& target) {
  const LockGuard lock(mutex_);
  for (ItlNexus* itl : nexuses_) {
    if (&itl->nexus().target() == &target) itl->arm(ItlNexus::removed);
  }
}

}  // namespace tgt
