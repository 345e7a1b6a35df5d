// SPDX-License-Identifier: Apache-2.0
#include "reactor/signal_source.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "reactor/socket.h"

namespace tgt {

SignalSource& SignalSource::operator=(SignalSource&& other) noexcept {
  if (this != &other) {
    close();
    shard_ = other.shard_;
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Result<SignalSource, IoError> SignalSource::open(Shard& shard) {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  const int error = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (error != 0) return failure(IoError::from_errno(error));
  SignalSource source;
  source.shard_ = &shard;
  source.descriptor_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (source.descriptor_ < 0) return failure(IoError::from_errno(errno));
  return source;
}

Task<Result<SignalSource::Signal, IoError>> SignalSource::next() {
  for (;;) {
    Operation operation;
    operation.kind = Operation::Kind::poll_readable;
    operation.descriptor = descriptor_;
    const auto readable = co_await IoAwaitable(shard_->backend(), operation);
    if (!readable) co_return failure(readable.error());
    signalfd_siginfo information{};
    if (::read(descriptor_, &information, sizeof information) != sizeof information) continue;
    if (information.ssi_signo == SIGTERM) co_return Signal::terminate;
    if (information.ssi_signo == SIGINT) co_return Signal::interrupt;
    if (information.ssi_signo == SIGHUP) co_return Signal::hang_up;
  }
}

void SignalSource::cancel() {
  if (descriptor_ >= 0) shard_->backend().cancel_descriptor(descriptor_);
}

void SignalSource::close() {
  if (descriptor_ >= 0) shard_->backend().close(std::exchange(descriptor_, -1));
}

}  // namespace tgt
