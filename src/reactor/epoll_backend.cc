// SPDX-License-Identifier: Apache-2.0
#include "reactor/epoll_backend.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "reactor/eventfd.h"
#include "reactor/file_operation.h"
#include "reactor/socket_operation.h"

namespace tgt {
namespace {

// So many operations may end at once in one turn; then the loop looks at everything else first. Without it a peer
// that sends faster than we read would keep the shard for itself.
constexpr unsigned most_immediate = 256;
// The state of an operation in ready_ (backend_data[7]): it has its result, or must be tried again. The turn in which
// it came there is in backend_data[6].
constexpr std::uint64_t finished = 1;
constexpr std::uint64_t try_again = 2;

}  // namespace

Result<std::unique_ptr<EpollBackend>, IoError> EpollBackend::create(BlockingPool& pool) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return failure(IoError::from_errno(errno));
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) {
    const int number = errno;
    ::close(epoll);
    return failure(IoError::from_errno(number));
  }
  std::unique_ptr<EpollBackend> backend(new EpollBackend(pool, epoll, wake));
  const std::int64_t registered = backend->register_descriptor(wake);
  if (registered < 0) return failure(IoError::from_errno(static_cast<int>(-registered)));
  return backend;
}

EpollBackend::EpollBackend(BlockingPool& pool, int epoll_descriptor, int wake_descriptor)
    : epoll_(epoll_descriptor), wake_(wake_descriptor), pool_(pool, wake_descriptor) {}

EpollBackend::~EpollBackend() {
  pool_.wait_until_done();
  ::close(epoll_);
  ::close(wake_);
}

EpollBackend::Watch& EpollBackend::watch(int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= watches_.size()) watches_.resize(index + index / 2 + 16);
  return watches_[index];
}

Operation*& EpollBackend::slot(Watch& watch, const Operation& operation) {
  return waits_for_output(operation.kind) ? watch.output : watch.input;
}

// Edge-triggered, both ways, once for the life of the descriptor: an operation is always tried before it waits, so no
// edge is missed.
std::int64_t EpollBackend::register_descriptor(int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.fd = descriptor;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0 && errno != EEXIST) return -errno;
  return 0;
}

bool EpollBackend::start(Operation& operation) {
  operation.backend_data[7] = 0;
  if (is_file_operation(operation.kind)) {
    pool_.start(operation);
    return false;
  }
  operation.backend_data[0] = 0;
  if (++immediate_ > most_immediate) {
    make_ready(operation, try_again);
    return false;
  }
  operation.result = try_socket_operation(operation);
  return operation.result != -EAGAIN || !park(operation);
}

// Leaves the operation to wait for its descriptor. False: it cannot, and its result says why.
bool EpollBackend::park(Operation& operation) {
  if (operation.descriptor < 0) {
    operation.result = -EBADF;
    return false;
  }
  Watch& at = watch(operation.descriptor);
  Operation*& place = slot(at, operation);
  if (place != nullptr) {
    operation.result = -EBUSY;
    return false;
  }
  if (!at.registered) {
    const std::int64_t registered = register_descriptor(operation.descriptor);
    if (registered < 0) {
      operation.result = registered;
      return false;
    }
    at.registered = true;
  }
  place = &operation;
  return true;
}

void EpollBackend::cancel(Operation& operation) {
  if (is_file_operation(operation.kind)) return;  // runs in the pool, and ends by itself
  if (operation.backend_data[7] == finished) return;
  if (operation.backend_data[7] == try_again) {
    ready_.remove(operation);
  } else {
    Operation*& place = slot(watch(operation.descriptor), operation);
    if (place != &operation) return;
    place = nullptr;
  }
  operation.result = -ECANCELED;
  make_ready(operation, finished);
}

void EpollBackend::cancel_descriptor(int descriptor) {
  if (descriptor < 0) return;
  const Watch at = watch(descriptor);
  if (at.input != nullptr) cancel(*at.input);
  if (at.output != nullptr) cancel(*at.output);
  for (Operation* operation = ready_.first(); operation != nullptr;) {
    Operation* next = operation->next;
    if (operation->descriptor == descriptor && operation->backend_data[7] == try_again) cancel(*operation);
    operation = next;
  }
}

void EpollBackend::wait(std::optional<TimePoint> until) {
  immediate_ = 0;
  ++turn_;
  if (!ready_.empty() || pool_.has_finished()) until = TimePoint();
  event_count_ = wait_for_events(until);
}

bool EpollBackend::resume() {
  bool worked = handle_events();
  worked |= resume_ready();
  worked |= pool_.resume_finished();
  return worked;
}

void EpollBackend::make_ready(Operation& operation, std::uint64_t state) {
  operation.backend_data[7] = state;
  operation.backend_data[6] = turn_;
  ready_.append(operation);
}

// Only those that were there when the turn began: what they start waits for the next one.
bool EpollBackend::resume_ready() {
  bool any = false;
  while (!ready_.empty() && ready_.first()->backend_data[6] != turn_) {
    Operation& operation = *ready_.take_first();
    any = true;
    if (std::exchange(operation.backend_data[7], 0) == try_again) {
      operation.result = try_socket_operation(operation);
      if (operation.result == -EAGAIN && park(operation)) continue;
    }
    operation.waiter.resume();
  }
  return any;
}

int EpollBackend::wait_for_events(std::optional<TimePoint> until) {
  constexpr int most = static_cast<int>(std::tuple_size_v<decltype(events_)>);
  if (!until) return ::epoll_wait(epoll_, events_.data(), most, -1);
  const Duration left = *until <= TimePoint() ? Duration(0) : *until - now();
  if (left <= Duration(0)) return ::epoll_wait(epoll_, events_.data(), most, 0);
  if (has_fine_wait_) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    const int count = ::epoll_pwait2(epoll_, events_.data(), most, &timeout, nullptr);
    if (count >= 0 || errno == EINTR) return count;
    // An older kernel, or a policy that does not know the call and may refuse it with any error.
    has_fine_wait_ = false;
  }
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return ::epoll_wait(epoll_, events_.data(), most, static_cast<int>(std::min<std::int64_t>(milliseconds, INT_MAX)));
}

bool EpollBackend::handle_events() {
  bool worked = false;
  for (int i = 0; i < event_count_; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_) {
      std::uint64_t wakes = 0;
      [[maybe_unused]] const auto taken = ::read(wake_, &wakes, sizeof wakes);
      continue;
    }
    constexpr std::uint32_t ended = EPOLLHUP | EPOLLERR | EPOLLRDHUP;
    if ((event.events & (EPOLLIN | ended)) != 0) worked |= retry(event.data.fd, &Watch::input);
    if ((event.events & (EPOLLOUT | ended)) != 0) worked |= retry(event.data.fd, &Watch::output);
  }
  return worked;
}

bool EpollBackend::retry(int descriptor, Operation* Watch::* direction) {
  Operation* operation = watch(descriptor).*direction;
  if (operation == nullptr) return false;
  operation->result = try_socket_operation(*operation);
  if (operation->result == -EAGAIN) return false;
  watch(descriptor).*direction = nullptr;
  operation->waiter.resume();
  return true;
}

void EpollBackend::wake() { signal_eventfd(wake_); }

TimePoint EpollBackend::now() const { return std::chrono::steady_clock::now(); }

void EpollBackend::shutdown(int socket) {
  // It wakes whoever waits for the socket; one that is not connected has to be told.
  if (::shutdown(socket, SHUT_RDWR) != 0) cancel_descriptor(socket);
}

void EpollBackend::close(int descriptor) {
  if (descriptor < 0) return;
  if (static_cast<std::size_t>(descriptor) < watches_.size()) watch(descriptor) = Watch();
  ::close(descriptor);
}

void EpollBackend::forget(int descriptor) {
  if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= watches_.size()) return;
  if (watch(descriptor).registered) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
  watch(descriptor) = Watch();
}

}  // namespace tgt
