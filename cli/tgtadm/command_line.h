// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "base/result.h"
#include "cli/tgtadm/options.h"
#include "cli/tgtadm/usage_fault.h"
#include "control/management_request.h"

namespace tgt {

struct ShowHelp {};
struct ShowVersion {};

// A request, and which daemon gets it.
struct SendRequest {
  ManagementRequest request;
  std::uint16_t control_port = 0;
  bool debug = false;
};

using Command = std::variant<ShowHelp, ShowVersion, SendRequest>;

// What a command line (without the program's name) asks for. Depends on nothing else; only --bus asks `find_host`.
Result<Command, UsageFault> parse_command_line(std::span<const std::string> arguments, const HostLookup& find_host);

}  // namespace tgt
