// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace tgt {

// Exit statuses of tgtadm. Service files and scripts test for the numbers.
inline constexpr int exit_unknown_word = 1;     // --mode or --op with a word that is none
inline constexpr int exit_refused = 22;         // every other mistake of the user, every refusal of the daemon (EINVAL)
inline constexpr int exit_not_connected = 107;  // no daemon (ENOTCONN)

// A command line that cannot become a request: what goes to standard error, and the exit status.
struct UsageFault {
  int exit_code = exit_refused;
  std::string text;  // complete lines

  bool operator==(const UsageFault&) const = default;
};

inline UsageFault usage_fault(std::string_view what) { return {exit_refused, "tgtadm: " + std::string(what) + "\n"}; }

// For mistakes in the form of the command line, not in what it asks for.
inline UsageFault form_fault(std::string_view line) {
  return {exit_refused, std::string(line) + "\nTry `tgtadm --help' for more information.\n"};
}

}  // namespace tgt
