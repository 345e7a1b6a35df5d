// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "daemon/daemon.h"
#include "reactor/process.h"
#include "reactor/thread.h"

namespace {

using namespace tgt;

int end_with(const ProgramEnd& end) {
  fmt::print(end.status == 0 ? stdout : stderr, "{}", end.text);
  return end.status;
}

Log open_log(const DaemonOptions& options) {
  const LogLevel level = options.debug ? LogLevel::debug : LogLevel::info;
  return options.foreground ? Log::to_standard_error(level) : Log::to_system_log(level);
}

// Says to whoever started the daemon why it does not serve.
int fail(std::optional<BackgroundProcess>& background, std::string_view why) {
  const std::string text = fmt::format("tgtd: {}\n", why);
  if (background) {
    background->report_failure(text);
  } else {
    fmt::print(stderr, "{}", text);
  }
  return 1;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const auto options = parse_daemon_options(argument_count, arguments);
  if (!options) return end_with(options.error());

  block_daemon_signals();
  std::optional<BackgroundProcess> background;
  if (!options->foreground) background.emplace(BackgroundProcess::start());
  protect_from_out_of_memory();

  const Log log = open_log(*options);
  if (const auto raised = raise_descriptor_limit(); !raised) {
    log.warning("the limit of open files stays as it was: {}", raised.error().text());
  }
  Daemon daemon(*options, log);
  if (const auto started = daemon.start(); !started) return fail(background, started.error());

  std::optional<ProcessIdFile> process_id_file;
  if (options->process_id_file) {
    auto created = ProcessIdFile::create(*options->process_id_file);
    if (!created) {
      return fail(background, fmt::format("pid file {}: {}", *options->process_id_file, created.error().text()));
    }
    process_id_file.emplace(std::move(*created));
  }
  if (background) background->report_ready();
  ::sd_notify(0, "READY=1");
  if (daemon.run()) return 0;
  process_id_file.reset();
  log.error("tgtd ends though not all that it began has ended");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the log is written by a thread of its own
  std::_Exit(1);
}
