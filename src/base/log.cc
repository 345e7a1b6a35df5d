// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

namespace tgt {
namespace {

constexpr std::size_t queued_lines = 4096;
constexpr std::size_t longest_text = 256;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// An asynchronous logger only points at its writing thread; this keeps both, and lets the logger go first.
struct LoggerAndWriter {
  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::async_logger> logger;
};

Log asynchronous(spdlog::sink_ptr sink, const char* pattern, LogLevel level) {
  auto both = std::make_shared<LoggerAndWriter>();
  both->writer = std::make_shared<spdlog::details::thread_pool>(queued_lines, 1);
  both->logger = std::make_shared<spdlog::async_logger>("tgtd", std::move(sink), both->writer,
                                                        spdlog::async_overflow_policy::overrun_oldest);
  both->logger->set_pattern(pattern);
  both->logger->flush_on(spdlog::level::info);
  Log log(std::shared_ptr<spdlog::logger>(both, both->logger.get()));
  log.set_level(level);
  return log;
}

}  // namespace

Log Log::to_standard_error(LogLevel level) {
  return asynchronous(std::make_shared<spdlog::sinks::stderr_sink_mt>(), "%Y-%m-%d %H:%M:%S.%e %l %v", level);
}

Log Log::to_system_log(LogLevel level) {
  return asynchronous(std::make_shared<spdlog::sinks::syslog_sink_mt>("tgtd", LOG_PID, LOG_DAEMON, true), "%v", level);
}

Log Log::silent() {
  auto logger = std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
  logger->set_level(spdlog::level::off);
  return Log(std::move(logger));
}

void Log::set_level(LogLevel level) const { logger_->set_level(level_of(level)); }

std::string printable(std::string_view text) {
  std::string out;
  for (const char character : text.substr(0, longest_text)) {
    if (character >= 0x20 && character < 0x7f) {
      out += character;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
    }
  }
  if (text.size() > longest_text) out += "...";
  return out;
}

}  // namespace tgt
