// SPDX-License-Identifier: Apache-2.0
// tgtadm: turns a command line into one request to tgtd and prints the answer.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "cli/tgtadm/command_line.h"
#include "cli/tgtadm/daemon_connection.h"
#include "cli/tgtadm/help_text.h"
#include "cli/tgtadm/host_lookup.h"
#include "cli/tgtadm/password_places.h"
#include "cli/tgtadm/usage_fault.h"

namespace tgt {
namespace {

constexpr std::chrono::minutes stop_limit(5);

// True when all of it reached standard output.
bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

void complain(std::string_view text) {
  const std::string line = "tgtadm: " + std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int print_and_exit_code(std::string_view text) {
  if (print(text)) return 0;
  complain("can't write to standard output");
  return 1;
}

// Why the daemon refused, as one line whatever it sent.
std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

// Scripts get the one line that they have always got; people also read why.
bool explains(const SendRequest& command) { return command.debug || ::isatty(STDERR_FILENO) == 1; }

int report_refusal(const DaemonReply& reply, bool explain) {
  complain(text_of(reply.code));
  if (explain && !reply.text.empty()) complain(one_line(reply.text));
  return exit_refused;
}

int report_fault(const ConnectionFault& fault, bool explain) {
  complain(fault.text);
  if (explain && !fault.detail.empty()) complain(fault.detail);
  return fault.error_number;
}

int send(const SendRequest& command) {
  const std::string path = daemon_socket_path(command.control_port);
  if (command.debug) complain("asking the daemon at " + path);
  const auto reply = ask_daemon(path, command.request);
  if (!reply) return report_fault(reply.error(), explains(command));
  if (reply->code != ManagementErrorCode::success) return report_refusal(*reply, explains(command));
  const bool stops_daemon =
      command.request.mode == ManagementMode::system && command.request.operation == ManagementOperation::remove;
  if (stops_daemon && !wait_until_gone(path, stop_limit)) {
    complain("tgtd is stopping, but still there");
    return exit_refused;
  }
  return print_and_exit_code(reply->text);
}

int run(std::span<const std::string> arguments) {
  const auto command =
      parse_command_line(arguments, [](const std::string& bus_and_id) { return find_host_of_bus(bus_and_id, "/sys"); });
  if (!command) {
    std::fwrite(command.error().text.data(), 1, command.error().text.size(), stderr);
    return command.error().exit_code;
  }
  if (std::holds_alternative<ShowHelp>(*command)) return print_and_exit_code(help_text(TGT_VERSION));
  if (std::holds_alternative<ShowVersion>(*command)) return print_and_exit_code(TGT_VERSION "\n");
  return send(std::get<SendRequest>(*command));
}

}  // namespace
}  // namespace tgt

int main(int argc, char** argv) {
  const std::span<char*> given(argv, static_cast<std::size_t>(argc));
  const std::vector<std::string> arguments(given.begin() + (given.empty() ? 0 : 1), given.end());
  for (const tgt::ArgumentPart& part : tgt::find_passwords(arguments)) {
    std::fill_n(given[part.argument + 1] + part.offset, part.length, 'x');
  }
  return tgt::run(arguments);
}
