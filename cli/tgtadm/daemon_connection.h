// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "control/management_error.h"
#include "control/management_request.h"

namespace tgt {

// The request never got its answer: an errno value, which becomes the exit status, what to say, and why in more words.
struct ConnectionFault {
  int error_number;
  std::string text;
  std::string detail{};
};

struct DaemonReply {
  ManagementErrorCode code = ManagementErrorCode::success;
  std::string text;
};

// Where the daemon with this control port listens; TGT_IPC_SOCKET in the environment replaces all but the port.
std::string daemon_socket_path(std::uint16_t control_port);

// Sends one request and waits for its reply, as long as it takes: the daemon bounds its operations.
Result<DaemonReply, ConnectionFault> ask_daemon(const std::string& socket_path, const ManagementRequest& request);

// Waits until nothing accepts connections at the path any more; false when that did not happen in time.
bool wait_until_gone(const std::string& socket_path, std::chrono::milliseconds limit);

}  // namespace tgt
