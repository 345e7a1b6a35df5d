// SPDX-License-Identifier: Apache-2.0
#include "reactor/shard.h"

#include <algorithm>
#include <utility>

namespace tgt {

Shard::Shard(const Options& options, std::unique_ptr<Backend> backend, BlockingPool& blocking)
    : options_(options),
      backend_(std::move(backend)),
      blocking_(blocking),
      buffers_(options.buffer_limit),
      now_(backend_->now()) {}

Shard::~Shard() = default;

void Shard::post(PostedWork& work) {
  PostedWork* head = posted_.load(std::memory_order_relaxed);
  do {
    work.next = head;
  } while (!posted_.compare_exchange_weak(head, &work, std::memory_order_seq_cst, std::memory_order_relaxed));
  // The loop says that it sleeps and then looks at posted_; here it is the other way round. One of the two sees the
  // other, and one poster of many wakes it.
  if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) backend_->wake();
}

void Shard::at_end_of_turn(PostedWork& work) {
  work.next = nullptr;
  (end_of_turn_last_ == nullptr ? end_of_turn_first_ : end_of_turn_last_->next) = &work;
  end_of_turn_last_ = &work;
}

void Shard::run() {
  bool did_work = true;
  while (!stopping_.exchange(false)) did_work = turn(next_wakeup(did_work));
}

void Shard::stop() {
  stopping_.store(true);
  backend_->wake();
}

// Nothing: sleep until something happens. A time in the past: do not sleep.
std::optional<TimePoint> Shard::next_wakeup(bool did_work) {
  if (did_work) busy_until_ = now_ + options_.busy_poll;
  if (now_ < busy_until_) return now_;
  return std::nullopt;
}

bool Shard::turn(std::optional<TimePoint> until) {
  ++turns_;
  const std::optional<TimePoint> due = timers_.next_due();
  if (due && (!until || *due < *until)) until = due;
  const bool may_sleep = !until || *until > now_;
  if (may_sleep) {
    sleeping_.store(true, std::memory_order_seq_cst);
    const bool has_work = posted_.load(std::memory_order_seq_cst) != nullptr || end_of_turn_first_ != nullptr;
    if (has_work || stopping_.load(std::memory_order_seq_cst)) until = now_;
  }
  backend_->wait(until);
  if (may_sleep) sleeping_.store(false, std::memory_order_relaxed);  // what is posted from here on needs no bell
  bool did_work = backend_->resume();
  now_ = backend_->now();
  did_work |= timers_.expire(now_);
  did_work |= run_posted();
  did_work |= run_end_of_turn();
  return did_work;
}

// What is posted while this runs waits for the next turn.
bool Shard::run_posted() {
  if (posted_.load(std::memory_order_relaxed) == nullptr) return false;
  PostedWork* newest = posted_.exchange(nullptr, std::memory_order_acquire);
  PostedWork* work = nullptr;
  while (newest != nullptr) {
    PostedWork* older = std::exchange(newest->next, work);
    work = std::exchange(newest, older);
  }
  while (work != nullptr) {
    PostedWork* next = work->next;  // the work's memory may be gone after it has run
    work->run(*work);
    work = next;
  }
  return true;
}

bool Shard::run_end_of_turn() {
  if (end_of_turn_first_ == nullptr) return false;
  PostedWork* work = std::exchange(end_of_turn_first_, nullptr);
  end_of_turn_last_ = nullptr;
  while (work != nullptr) {
    PostedWork* next = work->next;
    work->run(*work);
    work = next;
  }
  return true;
}

}  // namespace tgt
