// SPDX-License-Identifier: Apache-2.0
#include "reactor/wait.h"

#include "reactor/timer.h"

namespace tgt {
namespace {

class EventOrTime {
 public:
  EventOrTime(Shard& shard, Event& event, TimePoint deadline)
      : waiter_{event}, deadline_(deadline), timer_(shard, &EventOrTime::expired, this) {}
  bool await_ready() const noexcept { return waiter_.await_ready(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiter_.await_suspend(waiting);
    timer_.arm_at(deadline_);
  }
  bool await_resume() noexcept {
    timer_.cancel();
    return !timed_out_;
  }

 private:
  static void expired(void* context) {
    auto& self = *static_cast<EventOrTime*>(context);
    self.timed_out_ = true;
    self.waiter_.event.withdraw(self.waiter_);
    self.waiter_.task.resume();
  }

  Event::Waiter waiter_;
  TimePoint deadline_;
  Timer timer_;
  bool timed_out_ = false;
};

}  // namespace

Task<bool> wait_until(Shard& shard, Event& event, TimePoint deadline) {
  const bool in_time = co_await EventOrTime(shard, event, deadline);
  co_return in_time;
}

}  // namespace tgt
