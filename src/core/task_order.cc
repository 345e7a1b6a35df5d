// SPDX-License-Identifier: Apache-2.0
#include "core/task_order.h"

namespace tgt {

void TaskOrder::enter(Command& command, Standing standing) {
  const bool comes_back = command.standing_ == Standing::aside;
  if (comes_back) --aside_;
  command.standing_ = standing;
  command.state_ = Command::State::dormant;
  if (comes_back || standing == Standing::head_of_queue) {
    queue_of(command).push_front(command);
  } else {
    queue_of(command).push_back(command);
  }
}

bool TaskOrder::may_run(const Command& command) const {
  if (command.standing_ == Standing::head_of_queue) return !alone_enabled_;
  if (head_of_queue_enabled_ != 0 || ordered_enabled_) return false;
  if (command.standing_ == Standing::simple) return true;
  const bool waits_for_wholes = command.request().attribute == TaskAttribute::ordered;
  return simple_enabled_ == 0 && undrained_shards_ == 0 && (aside_ == 0 || !waits_for_wholes);
}

TaskOrder::Queue TaskOrder::enable() {
  Queue enabled;
  if (frozen_ != 0) return enabled;
  while (!parts_.empty() && !alone_enabled_) start(*parts_.first(), enabled);
  while (!dormant_.empty() && may_run(*dormant_.first())) start(*dormant_.first(), enabled);
  return enabled;
}

void TaskOrder::start(Command& command, Queue& enabled) {
  queue_of(command).remove(command);
  command.state_ = Command::State::enabled;
  if (command.standing_ == Standing::simple || command.standing_ == Standing::part) ++simple_enabled_;
  if (command.standing_ == Standing::head_of_queue) ++head_of_queue_enabled_;
  if (command.standing_ == Standing::ordered) {
    ordered_enabled_ = true;
    alone_enabled_ = command.alone_;
  }
  enabled.push_back(command);
}

void TaskOrder::put_aside(Command& command) {
  end(command);
  command.standing_ = Standing::aside;
  ++aside_;
}

void TaskOrder::end(Command& command) {
  if (command.standing_ == Standing::simple || command.standing_ == Standing::part) --simple_enabled_;
  if (command.standing_ == Standing::aside) --aside_;
  if (command.standing_ == Standing::head_of_queue) --head_of_queue_enabled_;
  if (command.standing_ == Standing::ordered) {
    ordered_enabled_ = false;
    alone_enabled_ = false;
  }
  command.standing_ = Standing::none;
}

void TaskOrder::cancel(Command& command) {
  queue_of(command).remove(command);
  command.state_ = Command::State::cancelled;
  command.standing_ = Standing::none;
}

}  // namespace tgt
