// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/worker.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace tgt::bench {
namespace {

// Fits the second-level cache, so that payload which nobody looks at costs one copy and no memory traffic.
constexpr std::size_t receive_buffer_length = std::size_t{256} << 10;

epoll_event event_for(Session& session) {
  epoll_event event{};
  event.events = session.unsent() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &session;
  return event;
}

}  // namespace

Worker::Worker(const Options& options, const Schedule& schedule, const std::atomic<bool>& stop)
    : options_(options),
      schedule_(schedule),
      stop_(stop),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      receive_buffer_(receive_buffer_length) {}

Worker::~Worker() {
  if (epoll_ >= 0) ::close(epoll_);
}

Result<void> Worker::run() {
  auto started = start();
  if (!started) return started;
  while (!finished(now_nanoseconds())) {
    auto served = wait_and_serve();
    if (!served) return served;
  }
  measured_.verified_reads += uncounted_.verified_reads;
  if (stop_) return {};
  for (const auto& session : sessions_) {
    auto done = session->log_out();
    if (!done) return done;
  }
  return {};
}

Result<void> Worker::start() {
  last_answer_ = now_nanoseconds();
  for (const auto& session : sessions_) {
    epoll_event event = event_for(*session);
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, session->socket(), &event) != 0) {
      return fault(fmt::format("epoll: {}", std::strerror(errno)));
    }
    auto sent = issue_and_flush(*session, last_answer_);
    if (!sent) return sent;
  }
  return {};
}

Result<void> Worker::wait_and_serve() {
  std::array<epoll_event, 256> events;
  const std::uint64_t began = now_nanoseconds();
  const int timeout = options_.spin ? 0 : sleep_milliseconds(began);
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
  if (count < 0 && errno != EINTR) return fault(fmt::format("epoll: {}", std::strerror(errno)));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    auto served = serve(*static_cast<Session*>(event.data.ptr), event.events);
    if (!served) return served;
  }
  if (count > 0) return {};
  const std::uint64_t now = now_nanoseconds();
  if (options_.spin) counter_at(now).idle_polling += now - began;
  return check_patience(now);
}

Result<void> Worker::serve(Session& session, std::uint32_t events) {
  const bool was_unsent = session.unsent();
  std::uint64_t now = 0;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    const ssize_t got = ::recv(session.socket(), receive_buffer_.data(), receive_buffer_.size(), MSG_DONTWAIT);
    if (got == 0) return fault("the target closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return fault(fmt::format("receiving: {}", std::strerror(errno)));
    now = now_nanoseconds();
    if (got > 0) {
      last_answer_ = now;
      const auto bytes = std::span(receive_buffer_).first(static_cast<std::size_t>(got));
      auto taken = session.receive(bytes, now, counter_at(now));
      if (!taken) return taken;
    }
  } else {
    now = now_nanoseconds();
  }
  auto sent = issue_and_flush(session, now);
  if (sent && session.unsent() != was_unsent) watch(session);
  return sent;
}

Result<void> Worker::issue_and_flush(Session& session, std::uint64_t now) {
  session.issue(schedule_, now, counter_at(now));
  return session.flush();
}

void Worker::watch(Session& session) {
  epoll_event event = event_for(session);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, session.socket(), &event);
}

std::size_t Worker::in_flight() const {
  std::size_t count = 0;
  for (const auto& session : sessions_) count += session->in_flight();
  return count;
}

bool Worker::finished(std::uint64_t now) const {
  return stop_.load(std::memory_order_relaxed) || (now >= schedule_.measure_to && in_flight() == 0);
}

// Idle sessions (depth 0) must see the end of the measuring time although nothing arrives.
int Worker::sleep_milliseconds(std::uint64_t now) const {
  constexpr std::uint64_t longest = 100'000'000;
  const std::uint64_t left = now < schedule_.measure_to ? schedule_.measure_to - now : longest;
  return static_cast<int>(std::min(left, longest) / 1'000'000 + 1);
}

Result<void> Worker::check_patience(std::uint64_t now) const {
  const auto patience = static_cast<std::uint64_t>(options_.timeout_seconds * 1e9);
  if (now < last_answer_ + patience || in_flight() == 0) return {};
  return fault(
      fmt::format("{} commands in flight and no answer for {} seconds", in_flight(), options_.timeout_seconds));
}

}  // namespace tgt::bench
