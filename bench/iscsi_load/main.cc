// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>

#include "iscsi_load/options.h"
#include "iscsi_load/report.h"
#include "iscsi_load/run.h"

// Exit codes: 0 the load ran and every command ended GOOD, 1 it did not, others the command line was wrong.
int main(int argc, char** argv) {
  using namespace tgt::bench;
  const auto parsed = parse_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const Options& options = std::get<Options>(parsed);
  const auto report = run_load(options);
  if (!report) {
    fmt::print(stderr, "iscsi_load: {}\n", report.error().text);
    return 1;
  }
  fmt::print("{}\n", options.json ? as_json(options, *report) : as_text(options, *report));
  return 0;
}
