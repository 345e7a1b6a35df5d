// SPDX-License-Identifier: Apache-2.0
#include "reactor/reactor.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "reactor/epoll_backend.h"
#include "reactor/thread.h"
#include "reactor/uring_backend.h"

namespace tgt {
namespace {

// How long the end of the program waits for device threads that are in the kernel.
constexpr auto device_patience = 2s;
constexpr auto blocking_patience = 5s;
constexpr auto removed_kept = 10s;

}  // namespace

// Counts the device threads that still run. Each of them owns it, too: it outlives the reactor where one is stuck.
struct Reactor::DeviceCount {
  std::mutex mutex;
  std::condition_variable ended;
  unsigned running = 0;
  std::shared_ptr<void> left_behind;  // what a stuck thread may still post to

  void enter() {
    const std::lock_guard lock(mutex);
    ++running;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --running;
    ended.notify_all();
  }
  bool wait_until_none(Duration most) {
    std::unique_lock lock(mutex);
    return ended.wait_for(lock, most, [this] { return running == 0; });
  }
};

struct Reactor::Threads {
  std::vector<std::thread> of_shards;  // 1 to N-1
  std::mutex mutex;                    // guards what follows
  std::vector<std::shared_ptr<Shard>> devices;
  // Kept a while: the last who posted to it may not have returned from post() yet.
  struct Removed {
    std::chrono::steady_clock::time_point when;
    std::shared_ptr<Shard> shard;
  };
  std::vector<Removed> removed;
  unsigned next_device_index = 0;
  std::shared_ptr<DeviceCount> device_count = std::make_shared<DeviceCount>();
};

Reactor::Reactor(const Options& options, Log log)
    : options_(options), log_(std::move(log)), threads_(std::make_unique<Threads>()) {
  const unsigned count = options_.shards == 0 ? usable_cpus() : options_.shards;
  std::vector<std::unique_ptr<Backend>> backends = make_backends(count);
  for (unsigned index = 0; index < count; ++index) {
    shards_.push_back(std::make_unique<Shard>(shard_options(index), std::move(backends[index]), blocking_));
  }
  threads_->next_device_index = count;
}

Shard::Options Reactor::shard_options(unsigned index) const {
  return {.index = index, .buffer_limit = options_.buffer_limit, .busy_poll = options_.busy_poll};
}

// All of one kind. Empty: the kind is not to be had.
std::vector<std::unique_ptr<Backend>> Reactor::make_uring_backends(unsigned count) {
  std::vector<std::unique_ptr<Backend>> backends;
  while (backends.size() < count) {
    auto backend = UringBackend::create(blocking_);
    if (!backend) {
      log_.warning("io_uring is not to be had ({}): using epoll", backend.error().text());
      return {};
    }
    backends.push_back(std::move(*backend));
  }
  return backends;
}

std::vector<std::unique_ptr<Backend>> Reactor::make_backends(unsigned count) {
  std::vector<std::unique_ptr<Backend>> backends;
  if (options_.backend != BackendChoice::epoll) backends = make_uring_backends(count);
  backend_name_ = backends.empty() ? "epoll" : "io_uring";
  while (backends.size() < count) {
    auto backend = EpollBackend::create(blocking_);
    if (!backend) {
      // Without a descriptor for its loop the program can do nothing at all.
      log_.error("cannot make an event loop: {}", backend.error().text());
      std::abort();
    }
    backends.push_back(std::move(*backend));
  }
  return backends;
}

Reactor::~Reactor() {
  for (const auto& shard : shards_) shard->stop();
  for (std::thread& thread : threads_->of_shards) thread.join();
  for (const auto& device : threads_->devices) device->stop();
  const bool devices_ended = threads_->device_count->wait_until_none(device_patience);
  const bool jobs_ended = blocking_.end(blocking_patience);
  if (devices_ended && jobs_ended) return;
  log_.warning("leaving behind a thread that is stuck in the kernel");
  const auto shards = std::make_shared<std::vector<std::unique_ptr<Shard>>>(std::move(shards_));
  if (!devices_ended) threads_->device_count->left_behind = shards;
  if (!jobs_ended) blocking_.leave_behind(shards);
}

void Reactor::run() {
  for (unsigned index = 1; index < shard_count(); ++index) {
    Shard* shard = shards_[index].get();
    auto thread = start_thread("tgt-shard-" + std::to_string(index), [shard] { shard->run(); });
    if (!thread) {
      log_.error("cannot start the thread of shard {}: {}", index, thread.error().text());
      std::abort();
    }
    threads_->of_shards.push_back(std::move(*thread));
  }
  shards_[0]->run();
  for (unsigned index = 1; index < shard_count(); ++index) shards_[index]->stop();
  for (std::thread& thread : threads_->of_shards) thread.join();
  threads_->of_shards.clear();
}

void Reactor::stop() { shards_[0]->stop(); }

const char* Reactor::backend_name() const { return backend_name_; }

Result<Shard*, IoError> Reactor::add_device_shard(const std::string& thread_name) {
  auto backend = EpollBackend::create(blocking_);
  if (!backend) return failure(backend.error());
  const std::lock_guard lock(threads_->mutex);
  auto shard = std::make_shared<Shard>(shard_options(threads_->next_device_index), std::move(*backend), blocking_);
  auto count = threads_->device_count;
  count->enter();
  // The shard belongs to its thread as well: one that is stuck in the kernel finds it when it comes back.
  auto thread = start_thread(thread_name, [shard, count]() mutable {
    shard->run();
    shard.reset();
    count->leave();
  });
  if (!thread) {
    count->leave();
    return failure(thread.error());
  }
  thread->detach();
  ++threads_->next_device_index;
  threads_->devices.push_back(shard);
  return shard.get();
}

void Reactor::remove_device_shard(Shard& shard) {
  const std::lock_guard lock(threads_->mutex);
  auto& devices = threads_->devices;
  const auto found = std::ranges::find(devices, &shard, [](const auto& device) { return device.get(); });
  if (found == devices.end()) return;
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(threads_->removed, [now](const auto& old) { return now - old.when > removed_kept; });
  threads_->removed.push_back({.when = now, .shard = *found});
  devices.erase(found);
  shard.stop();
}

}  // namespace tgt
