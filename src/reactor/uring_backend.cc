// SPDX-License-Identifier: Apache-2.0
#include "reactor/uring_backend.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <utility>

#include "reactor/eventfd.h"
#include "reactor/file_operation.h"

namespace tgt {
namespace {

constexpr unsigned submission_entries = 512;
constexpr unsigned completion_entries = 4096;

// Where an operation is (backend_data[7]).
enum Place : std::uint64_t { in_ring, in_backlog, in_pool, in_cancelled };

Place place_of(const Operation& operation) { return static_cast<Place>(operation.backend_data[7]); }
void set_place(Operation& operation, Place place) { operation.backend_data[7] = place; }

// A message header must live until the kernel has taken it: it lies in backend_data, which it leaves the last word of.
msghdr& message_of(Operation& operation) {
  static_assert(sizeof(msghdr) <= sizeof(std::uint64_t) * 7);
  msghdr& message = *std::construct_at(reinterpret_cast<msghdr*>(operation.backend_data));
  message.msg_iov = operation.vectors;
  message.msg_iovlen = operation.vector_count;
  return message;
}

bool belongs_to_pool(const Operation& operation) { return is_file_operation(operation.kind) && !operation.nowait; }

bool is_socket_operation(Operation::Kind kind) {
  return !is_file_operation(kind) && kind != Operation::Kind::poll_readable;
}

}  // namespace

Result<std::unique_ptr<UringBackend>, IoError> UringBackend::create(BlockingPool& pool) {
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  if (wake < 0) return failure(IoError::from_errno(errno));
  std::unique_ptr<UringBackend> backend(new UringBackend(pool, wake));
  const int error = backend->set_up_ring();
  if (error != 0) return failure(IoError::from_errno(error));
  return backend;
}

// The best flags that this kernel takes. A positive errno, or 0.
int UringBackend::set_up_ring() {
  constexpr std::array<unsigned, 3> choices{
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
      IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL, 0};
  int error = EINVAL;
  for (const unsigned flags : choices) {
    io_uring_params parameters{};
    parameters.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_R_DISABLED;
    parameters.cq_entries = completion_entries;
    error = -::io_uring_queue_init_params(submission_entries, &ring_, &parameters);
    if (error == 0) break;
    if (error != EINVAL) return error;
  }
  if (error != 0) return error;
  has_ring_ = true;
  constexpr unsigned needed = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL;
  return (ring_.features & needed) == needed ? error_of_use() : ENOSYS;
}

// A policy may allow that a ring be made and refuse its use. A positive errno, or 0.
int UringBackend::error_of_use() {
  io_uring_probe* known = ::io_uring_get_probe_ring(&ring_);
  if (known == nullptr) return EPERM;
  ::io_uring_free_probe(known);
  // A ring that is not enabled yet has nothing to enter, and says so.
  const bool entered = ::syscall(__NR_io_uring_enter, ring_.ring_fd, 0, 0, 0, nullptr, 0) >= 0;
  return entered || errno == EBADFD ? 0 : errno;
}

UringBackend::~UringBackend() {
  pool_.wait_until_done();
  if (has_ring_) ::io_uring_queue_exit(&ring_);
  ::close(wake_);
}

io_uring_sqe* UringBackend::free_entry() {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  if (entry != nullptr || !enabled_) return entry;
  ::io_uring_submit(&ring_);
  return ::io_uring_get_sqe(&ring_);
}

bool UringBackend::start(Operation& operation) {
  if (belongs_to_pool(operation)) {
    hand_to_pool(operation);
    return false;
  }
  queue(operation);
  return false;
}

void UringBackend::hand_to_pool(Operation& operation) {
  set_place(operation, in_pool);
  pool_.start(operation);
}

void UringBackend::queue(Operation& operation) {
  io_uring_sqe* entry = backlog_.empty() ? free_entry() : nullptr;
  if (entry == nullptr) {
    set_place(operation, in_backlog);
    backlog_.append(operation);
    return;
  }
  set_place(operation, in_ring);
  under_way_.append(operation);
  fill(*entry, operation);
  ::io_uring_sqe_set_data(entry, &operation);
}

void UringBackend::submit_backlog() {
  while (Operation* operation = backlog_.first()) {
    io_uring_sqe* entry = free_entry();
    if (entry == nullptr) return;
    backlog_.remove(*operation);
    set_place(*operation, in_ring);
    under_way_.append(*operation);
    fill(*entry, *operation);
    ::io_uring_sqe_set_data(entry, operation);
  }
}

void UringBackend::fill(io_uring_sqe& entry, Operation& operation) {
  const int descriptor = operation.descriptor;
  const bool single = operation.vector_count == 1;
  switch (operation.kind) {
    case Operation::Kind::accept:
      return ::io_uring_prep_accept(&entry, descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    case Operation::Kind::connect:
      return ::io_uring_prep_connect(&entry, descriptor, static_cast<const sockaddr*>(operation.address),
                                     operation.address_length);
    case Operation::Kind::receive:
      if (single)
        return ::io_uring_prep_recv(&entry, descriptor, operation.vectors->iov_base, operation.vectors->iov_len, 0);
      return ::io_uring_prep_recvmsg(&entry, descriptor, &message_of(operation), 0);
    case Operation::Kind::send:
      if (single) {
        return ::io_uring_prep_send(&entry, descriptor, operation.vectors->iov_base, operation.vectors->iov_len,
                                    MSG_NOSIGNAL | MSG_WAITALL);
      }
      return ::io_uring_prep_sendmsg(&entry, descriptor, &message_of(operation), MSG_NOSIGNAL | MSG_WAITALL);
    case Operation::Kind::read:
      return ::io_uring_prep_readv2(&entry, descriptor, operation.vectors, operation.vector_count, operation.offset,
                                    RWF_NOWAIT);
    case Operation::Kind::write:
      return ::io_uring_prep_writev2(&entry, descriptor, operation.vectors, operation.vector_count, operation.offset,
                                     RWF_NOWAIT);
    case Operation::Kind::poll_readable:
      return ::io_uring_prep_poll_add(&entry, descriptor, POLLIN);
    case Operation::Kind::sync_data:
    case Operation::Kind::deallocate:
    case Operation::Kind::write_zeros:
      break;  // the pool's
  }
}

void UringBackend::cancel(Operation& operation) {
  switch (place_of(operation)) {
    case in_backlog:
      backlog_.remove(operation);
      cancel_unsent(operation);
      return;
    case in_ring: {
      io_uring_sqe* entry = free_entry();
      if (entry == nullptr) {
        late_cancels_.push_back(&operation);
        return;
      }
      ::io_uring_prep_cancel(entry, &operation, 0);
      ::io_uring_sqe_set_data(entry, nullptr);
      return;
    }
    case in_pool:
    case in_cancelled:
      return;
  }
}

void UringBackend::cancel_unsent(Operation& operation) {
  operation.result = -ECANCELED;
  set_place(operation, in_cancelled);
  cancelled_.append(operation);
}

void UringBackend::cancel_descriptor(int descriptor) {
  for (OperationList* list : {&backlog_, &under_way_}) {
    for (Operation* operation = list->first(); operation != nullptr;) {
      Operation* next = operation->next;
      if (operation->descriptor == descriptor) cancel(*operation);
      operation = next;
    }
  }
}

// On the thread that the ring belongs to from now on.
void UringBackend::enable() {
  // By number: liburing 2.3 declares io_uring_enable_rings() but its shared library does not have it. It cannot fail
  // on a ring that was made disabled.
  if (::io_uring_register(static_cast<unsigned>(ring_.ring_fd), IORING_REGISTER_ENABLE_RINGS, nullptr, 0) < 0) {
    std::abort();
  }
  enabled_ = true;
}

void UringBackend::wait(std::optional<TimePoint> until) {
  if (!enabled_) enable();
  for (Operation* operation : std::exchange(late_cancels_, {})) cancel(*operation);
  submit_backlog();
  arm_wake();
  if (!cancelled_.empty() || !backlog_.empty() || pool_.has_finished()) until = TimePoint();
  submit_and_wait(until);
}

bool UringBackend::resume() {
  bool worked = reap();
  worked |= resume_cancelled();
  worked |= pool_.resume_finished();
  return worked;
}

// The eventfd is read by the ring itself; user_data points at wakes_ to tell it from operations.
void UringBackend::arm_wake() {
  if (wake_armed_) return;
  io_uring_sqe* entry = free_entry();
  if (entry == nullptr) return;
  ::io_uring_prep_read(entry, wake_, &wakes_, sizeof wakes_, 0);
  ::io_uring_sqe_set_data(entry, &wakes_);
  wake_armed_ = true;
}

void UringBackend::submit_and_wait(std::optional<TimePoint> until) {
  if (!wake_armed_) until = TimePoint();
  if (!until) {
    ::io_uring_submit_and_wait(&ring_, 1);
    return;
  }
  const Duration left = *until <= TimePoint() ? Duration(0) : *until - now();
  if (left <= Duration(0)) {
    ::io_uring_submit_and_get_events(&ring_);
    return;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  __kernel_timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  io_uring_cqe* first = nullptr;
  ::io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
}

// Only what is there now: what is completed while the waiters run waits for the next turn.
bool UringBackend::reap() {
  struct Completion {
    void* data;
    int result;
  };
  std::array<Completion, 128> batch;
  bool worked = false;
  unsigned left = ::io_uring_cq_ready(&ring_);
  while (left != 0) {
    std::array<io_uring_cqe*, batch.size()> entries;
    const unsigned count = ::io_uring_peek_batch_cqe(&ring_, entries.data(),
                                                     std::min<unsigned>(left, static_cast<unsigned>(entries.size())));
    if (count == 0) break;
    for (unsigned i = 0; i < count; ++i) batch[i] = {::io_uring_cqe_get_data(entries[i]), entries[i]->res};
    ::io_uring_cq_advance(&ring_, count);
    left -= count;
    for (unsigned i = 0; i < count; ++i) {
      if (batch[i].data == nullptr) continue;  // a cancel request
      if (batch[i].data == &wakes_) {
        wake_armed_ = false;
        continue;
      }
      worked |= complete(*static_cast<Operation*>(batch[i].data), batch[i].result);
    }
  }
  return worked;
}

// True when its waiter was resumed; else it goes on otherwise.
bool UringBackend::complete(Operation& operation, int result) {
  under_way_.remove(operation);
  if (!late_cancels_.empty()) std::erase(late_cancels_, &operation);
  if (result == -EINTR) {
    queue(operation);
    return false;
  }
  if (result == -EAGAIN && is_socket_operation(operation.kind)) {
    // The ring waits for readiness only where the descriptor does not say that it does not want to.
    const int flags = ::fcntl(operation.descriptor, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK) != 0) {
      ::fcntl(operation.descriptor, F_SETFL, flags & ~O_NONBLOCK);
      queue(operation);
      return false;
    }
  }
  const bool would_sleep = result == -EAGAIN || result == -EOPNOTSUPP;
  if (would_sleep && is_file_operation(operation.kind)) {
    hand_to_pool(operation);
    return false;
  }
  operation.result = result;
  if (operation.kind == Operation::Kind::poll_readable && result >= 0) {
    operation.result = (static_cast<unsigned>(result) & POLLIN) != 0 ? 0 : -ENODEV;
  }
  operation.waiter.resume();
  return true;
}

bool UringBackend::resume_cancelled() {
  OperationList list = std::exchange(cancelled_, OperationList());
  const bool any = !list.empty();
  while (Operation* operation = list.take_first()) operation->waiter.resume();
  return any;
}

void UringBackend::wake() { signal_eventfd(wake_); }

TimePoint UringBackend::now() const { return std::chrono::steady_clock::now(); }

void UringBackend::shutdown(int socket) {
  // It wakes whoever waits for the socket; one that is not connected has to be told.
  if (::shutdown(socket, SHUT_RDWR) != 0) cancel_descriptor(socket);
}

void UringBackend::close(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
}

void UringBackend::forget(int) {}

}  // namespace tgt
