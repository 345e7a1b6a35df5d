// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <spdlog/logger.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tgt {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

// Where log lines go, passed to whoever writes them (there is no global logger). Any thread. Writing never blocks the
// caller on a slow terminal or journal: when the queue is full the oldest lines are dropped.
// Secrets are never passed to it; text that came from a peer goes through printable() first.
class Log {
 public:
  // Writes to standard error from a thread of its own.
  static Log to_standard_error(LogLevel level);
  // Writes to the system log, facility daemon.
  static Log to_system_log(LogLevel level);
  // Drops everything; for tests.
  static Log silent();
  // Takes a ready logger; for tests that read what was logged.
  explicit Log(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

  void set_level(LogLevel level) const;
  bool debug_enabled() const { return logger_->should_log(spdlog::level::debug); }

  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    logger_->debug(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    logger_->info(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) const {
    logger_->warn(format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    logger_->error(format, std::forward<Args>(args)...);
  }

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

// Text from outside made safe for a log line: control characters and bytes above 7Eh become \xNN, and what is longer
// than 256 characters is cut with "...".
std::string printable(std::string_view text);

}  // namespace tgt
