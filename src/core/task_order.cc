// SPDX-License-Identifier: Apache-2.0
#include "core/task_order.h"

namespace tgt {

void TaskOrder::enter(Command& command, Standing standing) {
  command.standing_ = standing;
  command.state_ = Command::State::dormant;
  if (standing == Standing::head_of_queue || standing == Standing::part) {
    dormant_.push_front(command);
  } else {
    dormant_.push_back(command);
  }
}

bool TaskOrder::may_run(const Command& command) const {
  if (command.standing_ == Standing::head_of_queue || command.standing_ == Standing::part) return !alone_enabled_;
  if (head_of_queue_enabled_ != 0 || ordered_enabled_) return false;
  if (command.standing_ == Standing::simple) return true;
  const bool waits_for_wholes = command.request().attribute == TaskAttribute::ordered;
  return simple_enabled_ == 0 && undrained_shards_ == 0 && (aside_ == 0 || !waits_for_wholes);
}

TaskOrder::Queue TaskOrder::enable() {
  Queue enabled;
  while (frozen_ == 0 && !dormant_.empty() && may_run(*dormant_.first())) {
    Command& command = *dormant_.first();
    dormant_.remove(command);
    command.state_ = Command::State::enabled;
    if (command.standing_ == Standing::simple || command.standing_ == Standing::part) ++simple_enabled_;
    if (command.standing_ == Standing::head_of_queue) ++head_of_queue_enabled_;
    if (command.standing_ == Standing::ordered) ordered_enabled_ = true;
    if (command.alone_) alone_enabled_ = true;
    enabled.push_back(command);
  }
  return enabled;
}

void TaskOrder::step_aside(Command& command) {
  end(command);
  command.standing_ = Standing::aside;
  ++aside_;
}

void TaskOrder::end(Command& command) {
  if (command.standing_ == Standing::simple || command.standing_ == Standing::part) --simple_enabled_;
  if (command.standing_ == Standing::aside) --aside_;
  if (command.standing_ == Standing::head_of_queue) --head_of_queue_enabled_;
  if (command.standing_ == Standing::ordered) ordered_enabled_ = false;
  if (command.alone_) alone_enabled_ = false;
  command.standing_ = Standing::none;
}

void TaskOrder::cancel(Command& command) {
  dormant_.remove(command);
  command.state_ = Command::State::cancelled;
  command.standing_ = Standing::none;
}

}  // namespace tgt
