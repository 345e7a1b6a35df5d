// SPDX-License-Identifier: Apache-2.0
#include "reactor/thread.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <system_error>
#include <utility>

namespace tgt {
namespace {

// No hard limit may lie above it.
rlim_t most_descriptors_of_a_process() {
  constexpr rlim_t when_unknown = 1048576;
  std::ifstream file("/proc/sys/fs/nr_open");
  rlim_t most = 0;
  return file >> most ? most : when_unknown;
}

}  // namespace

void set_thread_name(const std::string& name) {
  constexpr std::size_t longest = 15;
  ::pthread_setname_np(::pthread_self(), name.substr(0, longest).c_str());
}

Result<std::thread, IoError> start_thread(const std::string& name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  Result<std::thread, IoError> started = failure(IoError::from_errno(EAGAIN));
  try {  // std::thread says it with an exception
    started = std::thread([name, run = std::move(body)] {
      set_thread_name(name);
      run();
    });
  } catch (const std::system_error& error) {
    started = failure(IoError::from_errno(error.code().value()));
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

Result<std::uint64_t, IoError> raise_descriptor_limit() {
  constexpr rlim_t plenty = 262144;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return failure(IoError::from_errno(errno));
  const rlim_t possible = std::min(plenty, most_descriptors_of_a_process());
  if (limit.rlim_max < possible) {
    const rlimit raised{.rlim_cur = possible, .rlim_max = possible};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return std::uint64_t{possible};
  }
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return failure(IoError::from_errno(errno));
  return std::uint64_t{limit.rlim_cur};
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

unsigned usable_cpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cpus)));
}

}  // namespace tgt
