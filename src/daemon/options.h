// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "reactor/reactor.h"

namespace tgt {

// What the command line of tgtd says.
struct DaemonOptions {
  bool foreground = false;
  int control_port = 0;
  std::optional<std::string> process_id_file{};
  bool debug = false;
  // Empty: all addresses, IPv4 and IPv6, port 3260.
  std::vector<std::string> portals{};
  std::string state_directory = "/var/lib/tgt";  // what outlives the daemon
  std::optional<unsigned> nop_interval_seconds{};
  std::optional<unsigned> nop_count{};
  Reactor::Options reactor{};
};

// Why the program ends before it has started: a usage fault (status 1), or help and version (status 0).
struct ProgramEnd {
  int status = 1;
  std::string text{};  // for standard error, or standard output when the status is 0
};

Result<DaemonOptions, ProgramEnd> parse_daemon_options(int argument_count, const char* const* arguments);

}  // namespace tgt
