// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "reactor/io_error.h"

namespace tgt {

// The program in the background. The parent stays until the child says that it is ready to serve, or why it cannot, so
// that whoever started it learns at once whether it runs.
class BackgroundProcess {
 public:
  // To be called before any thread exists. Returns in the child only; the parent ends with status 0 after
  // report_ready(), and with status 1 after report_failure() or when the child dies, having printed why.
  static BackgroundProcess start();
  BackgroundProcess(BackgroundProcess&& other) noexcept : report_(std::exchange(other.report_, -1)) {}
  BackgroundProcess& operator=(BackgroundProcess&&) = delete;
  ~BackgroundProcess();

  // Leaves the terminal (standard input, output and error go to /dev/null) and the folder that it was started in, and
  // lets the parent end.
  void report_ready();
  void report_failure(std::string_view why);

 private:
  explicit BackgroundProcess(int report) : report_(report) {}
  int report_;
};

// The same path for a process that leaves the folder that it was started in.
std::string absolute_path(const std::string& path);

// A file with this process's number, removed when the object goes.
class ProcessIdFile {
 public:
  static Result<ProcessIdFile, IoError> create(std::string path);
  ProcessIdFile(ProcessIdFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ProcessIdFile& operator=(ProcessIdFile&&) = delete;
  ~ProcessIdFile();

 private:
  explicit ProcessIdFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Keeps SIGTERM, SIGINT and SIGHUP for SignalSource, and ignores SIGPIPE, in this thread and those that it starts: the
// first thing that a daemon does.
void block_daemon_signals();

// Asks the kernel to end other processes first when memory runs out. Without the right to do so nothing happens.
void protect_from_out_of_memory();

}  // namespace tgt
