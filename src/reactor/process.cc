// SPDX-License-Identifier: Apache-2.0
#include "reactor/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tgt {
namespace {

// What the child sends: nothing but this byte when it is ready, else the text of its failure.
constexpr char ready_mark = '\0';

void write_fully(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_report(int descriptor) {
  std::string report;
  std::array<char, 512> part{};
  for (;;) {
    const ssize_t got = ::read(descriptor, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return report;
    report.append(part.data(), static_cast<std::size_t>(got));
  }
}

[[noreturn]] void wait_in_parent(int report_descriptor, pid_t child) {
  const std::string report = read_report(report_descriptor);
  if (report.size() == 1 && report[0] == ready_mark) ::_exit(EXIT_SUCCESS);
  if (!report.empty()) {
    write_fully(STDERR_FILENO, report);
  } else {
    int status = 0;
    ::waitpid(child, &status, 0);
    write_fully(STDERR_FILENO, "tgtd: ended before it was ready to serve\n");
  }
  ::_exit(EXIT_FAILURE);
}

}  // namespace

BackgroundProcess BackgroundProcess::start() {
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) {
    std::perror("tgtd: cannot go to the background (run with --foreground)");
    std::exit(EXIT_FAILURE);
  }
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("tgtd: cannot go to the background (run with --foreground)");
    std::exit(EXIT_FAILURE);
  }
  if (child > 0) {
    ::close(report[1]);
    wait_in_parent(report[0], child);
  }
  ::close(report[0]);
  ::setsid();
  return BackgroundProcess(report[1]);
}

BackgroundProcess::~BackgroundProcess() {
  if (report_ >= 0) ::close(report_);
}

void BackgroundProcess::report_ready() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, standard);
    ::close(null);
  }
  // A failure would only keep the start directory's file system busy.
  static_cast<void>(!::chdir("/"));
  write_fully(report_, std::string_view(&ready_mark, 1));
  ::close(std::exchange(report_, -1));
}

void BackgroundProcess::report_failure(std::string_view why) {
  write_fully(report_, why);
  ::close(std::exchange(report_, -1));
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

Result<ProcessIdFile, IoError> ProcessIdFile::create(std::string path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (file < 0) return failure(IoError::from_errno(errno));
  write_fully(file, std::to_string(::getpid()) + "\n");
  ::close(file);
  return ProcessIdFile(absolute_path(path));
}

ProcessIdFile::~ProcessIdFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void block_daemon_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void protect_from_out_of_memory() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  write_fully(file, "-1000");
  ::close(file);
}

}  // namespace tgt
