// SPDX-License-Identifier: Apache-2.0
#include "reactor/timer_queue.h"

namespace tgt {

bool TimerQueue::before(const Timer& a, const Timer& b) {
  return a.due_ != b.due_ ? a.due_ < b.due_ : a.order_ < b.order_;
}

void TimerQueue::place(std::size_t position, Timer* timer) {
  heap_[position] = timer;
  timer->position_ = position;
}

void TimerQueue::sift_up(std::size_t position) {
  Timer* timer = heap_[position];
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!before(*timer, *heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, timer);
}

void TimerQueue::sift_down(std::size_t position) {
  Timer* timer = heap_[position];
  for (;;) {
    std::size_t child = 2 * position + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *timer)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, timer);
}

void TimerQueue::add(Timer& timer, TimePoint due) {
  remove(timer);
  // What a callback arms for at once waits for the next turn, or two timers could keep the loop here for ever.
  if (expiring_ && due <= *expiring_) due = *expiring_ + Duration(1);
  timer.due_ = due;
  timer.order_ = next_order_++;
  heap_.push_back(&timer);
  sift_up(heap_.size() - 1);
}

void TimerQueue::remove(Timer& timer) {
  const std::size_t position = timer.position_;
  if (position == Timer::not_armed) return;
  timer.position_ = Timer::not_armed;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(position, last);
  sift_up(position);
  sift_down(last->position_);
}

std::optional<TimePoint> TimerQueue::next_due() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->due_;
}

bool TimerQueue::expire(TimePoint now) {
  bool any = false;
  expiring_ = now;
  while (!heap_.empty() && heap_.front()->due_ <= now) {
    Timer& timer = *heap_.front();
    remove(timer);
    any = true;
    timer.expired_(timer.context_);  // may destroy the timer
  }
  expiring_.reset();
  return any;
}

}  // namespace tgt
