// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/tgtadm/option_table.h"
#include "cli/tgtadm/usage_fault.h"

namespace tgt {

struct ScannedOption {
  Option option;
  std::string_view value;  // empty when the option takes none
};

// What stands on a command line, in order. When `fault` is set the options before the faulty place are still valid: a
// caller acts on them first.
struct ScannedArguments {
  std::vector<ScannedOption> options;
  std::vector<std::string_view> words;  // what is no option and no option's value
  std::optional<UsageFault> fault;
};

// Reads a command line by the rules of getopt_long: short options may be joined (`-dt1`), long ones shortened to a
// unique prefix (`--param`), values follow or are attached (`--tid=1`, `-t1`), words may stand anywhere, `--` ends the
// options. The views point into `arguments`, which does not hold the program's name.
ScannedArguments scan_arguments(std::span<const std::string> arguments);

}  // namespace tgt
