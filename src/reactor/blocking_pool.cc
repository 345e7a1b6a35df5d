// SPDX-License-Identifier: Apache-2.0
#include "reactor/blocking_pool.h"

#include <condition_variable>
#include <mutex>

#include "reactor/share_of_each.h"
#include "reactor/thread.h"

namespace tgt {
namespace {

// Jobs in the order in which they came.
class WorkList {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  void append(BlockingWork& work) {
    work.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &work;
    last_ = &work;
    ++size_;
  }
  BlockingWork* take_first() {
    auto* work = static_cast<BlockingWork*>(first_);
    if (work == nullptr) return nullptr;
    first_ = work->next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    return work;
  }

 private:
  PostedWork* first_ = nullptr;
  PostedWork* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

// Shared with every thread of the pool, so that one that is stuck may outlive the pool.
struct BlockingPool::State {
  std::mutex mutex;
  std::condition_variable has_work;
  std::condition_variable thread_ended;
  ShareOfEach<BlockingWork, WorkList> shares;
  WorkList ready;     // may begin: there is a thread for each of them, or there soon will be
  unsigned idle = 0;  // threads that wait for a job, or were made for one and have not begun
  unsigned threads = 0;
  unsigned most_general = 0;
  bool ending = false;
  std::shared_ptr<void> left_behind;

  unsigned most_of(BlockingLane lane) const { return lane == BlockingLane::general ? most_general : most_of_one_file; }
  void run_first(std::unique_lock<std::mutex>& lock);
  void work_until_idle();
};

void BlockingPool::State::run_first(std::unique_lock<std::mutex>& lock) {
  BlockingWork& work = *ready.take_first();
  const int lane = std::to_underlying(work.lane);  // the work's memory may be gone after it has run
  lock.unlock();
  work.run(work);
  lock.lock();
  if (BlockingWork* next = shares.leave(lane)) ready.append(*next);
}

void BlockingPool::State::work_until_idle() {
  constexpr auto idle_time = 10s;
  std::unique_lock lock(mutex);
  --idle;
  for (;;) {
    if (ready.empty()) {
      ++idle;
      const bool found = has_work.wait_for(lock, idle_time, [this] { return !ready.empty() || ending; });
      --idle;
      if (ready.empty() && (!found || ending)) break;
    }
    run_first(lock);
  }
  --threads;
  thread_ended.notify_all();
}

BlockingPool::BlockingPool(unsigned most_general) : state_(std::make_shared<State>()) {
  state_->most_general = most_general;
}

BlockingPool::~BlockingPool() { end(5s); }

bool BlockingPool::end(Duration most) {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->has_work.notify_all();
  return state_->thread_ended.wait_for(lock, most, [this] { return state_->threads == 0; });
}

void BlockingPool::leave_behind(std::shared_ptr<void> something) {
  const std::lock_guard lock(state_->mutex);
  state_->left_behind = std::move(something);
}

void BlockingPool::submit(BlockingWork& work) {
  if (state_->most_general == 0) return work.run(work);
  std::unique_lock lock(state_->mutex);
  if (!state_->shares.admit(std::to_underlying(work.lane), state_->most_of(work.lane), work)) return;
  state_->ready.append(work);
  if (state_->ready.size() <= state_->idle) {
    state_->has_work.notify_one();
    return;
  }
  ++state_->threads;
  ++state_->idle;
  lock.unlock();
  auto thread = start_thread("tgt-blocking", [state = state_] { state->work_until_idle(); });
  if (thread) return thread->detach();
  lock.lock();
  --state_->threads;
  --state_->idle;
  if (state_->threads != 0) return;
  // The system gives no thread at all: the job is done here, late rather than never.
  while (!state_->ready.empty()) state_->run_first(lock);
}

}  // namespace tgt
