// SPDX-License-Identifier: Apache-2.0
#include "reactor/blocking_pool.h"

#include <condition_variable>
#include <mutex>

#include "reactor/thread.h"

namespace tgt {

// Shared with every thread of the pool, so that one that is stuck may outlive the pool.
struct BlockingPool::State {
  std::mutex mutex;
  std::condition_variable has_work;
  std::condition_variable thread_ended;
  PostedWork* first = nullptr;
  PostedWork* last = nullptr;
  std::size_t waiting = 0;  // jobs in the list
  unsigned idle = 0;        // threads that wait for a job
  unsigned threads = 0;
  unsigned most_threads = 0;
  bool ending = false;
  std::shared_ptr<void> left_behind;

  PostedWork* take() {
    PostedWork* work = first;
    first = work->next;
    if (first == nullptr) last = nullptr;
    --waiting;
    return work;
  }
  void work_until_idle();
};

void BlockingPool::State::work_until_idle() {
  constexpr auto idle_time = 10s;
  std::unique_lock lock(mutex);
  for (;;) {
    if (first == nullptr) {
      ++idle;
      const bool found = has_work.wait_for(lock, idle_time, [this] { return first != nullptr || ending; });
      --idle;
      if (first == nullptr && (!found || ending)) break;
    }
    PostedWork* work = take();
    lock.unlock();
    work->run(*work);
    lock.lock();
  }
  --threads;
  thread_ended.notify_all();
}

BlockingPool::BlockingPool(unsigned most_threads) : state_(std::make_shared<State>()) {
  state_->most_threads = most_threads;
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

void BlockingPool::submit(PostedWork& work) {
  if (state_->most_threads == 0) return work.run(work);
  std::unique_lock lock(state_->mutex);
  work.next = nullptr;
  (state_->last == nullptr ? state_->first : state_->last->next) = &work;
  state_->last = &work;
  ++state_->waiting;
  if (state_->waiting <= state_->idle) {
    state_->has_work.notify_one();
    return;
  }
  if (state_->threads >= state_->most_threads) return;
  ++state_->threads;
  lock.unlock();
  auto thread = start_thread("tgt-blocking", [state = state_] { state->work_until_idle(); });
  if (thread) return thread->detach();
  lock.lock();
  --state_->threads;
  if (state_->threads != 0) return;
  // The system gives no thread at all: the job is done here, late rather than never.
  while (state_->first != nullptr) {
    PostedWork* job = state_->take();
    lock.unlock();
    job->run(*job);
    lock.lock();
  }
}

}  // namespace tgt
