// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace tgt::bench {
namespace {

void add_load(CLI::App& app, Options& options) {
  const std::map<std::string, Load> loads{{"read", Load::read}, {"write", Load::write}, {"mix", Load::mix}};
  const std::map<std::string, Order> orders{{"random", Order::random}, {"sequential", Order::sequential}};
  app.add_option("--sessions", options.sessions, "sessions, one connection each")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--depth", options.depth, "commands in flight on each session; 0 stays idle")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "threads that share the sessions")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--block-size", options.block_size, "bytes of one command (4k, 128k, 1m)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(512, 16 << 20))
      ->default_str("4k");
  app.add_option("--load", options.load, "read, write or mix")
      ->transform(CLI::CheckedTransformer(loads))
      ->default_str("read");
  app.add_option("--read-percent", options.read_percent, "share of reads in a mix")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--order", options.order, "random or sequential (each session in its own part)")
      ->transform(CLI::CheckedTransformer(orders))
      ->default_str("random");
  app.add_option("--region", options.region, "use only so many bytes from the start of the logical unit")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--seed", options.seed, "of the random addresses")->capture_default_str();
}

void add_run(CLI::App& app, Options& options) {
  const auto duration = CLI::Range(0.0, 86400.0);
  app.add_option("--seconds", options.seconds, "measuring time")->check(duration)->capture_default_str();
  app.add_option("--warmup", options.warmup_seconds, "seconds before measuring")
      ->check(duration)
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "give up when nothing is answered for so long")
      ->check(duration)
      ->capture_default_str();
  app.add_option("--server-pid", options.server_pids,
                 "process whose CPU time is told per 100,000 commands (repeatable)");
  app.add_flag("--spin", options.spin, "poll instead of sleeping between answers");
  app.add_flag("--verify", options.verify,
               "write patterns and compare everything that is read (destroys the contents)");
  app.add_flag("--json", options.json, "print one JSON object instead of text");
}

void add_protocol(CLI::App& app, Options& options) {
  OperationalKeys& offer = options.offer;
  const auto length = CLI::Range(512, 16777215);
  app.add_option("--portal", options.portal, "ADDRESS[:PORT] or [IPV6][:PORT]")->capture_default_str();
  app.add_option("--target", options.target, "iSCSI name of the target")->required();
  app.add_option("--lun", options.lun, "logical unit number")->check(CLI::Range(0, 16383))->capture_default_str();
  app.add_option("--initiator", options.initiator, "iSCSI name to log in with")->capture_default_str();
  app.add_flag("--header-digest", offer.header_digest, "ask for CRC32C header digests");
  app.add_flag("--data-digest", offer.data_digest, "ask for CRC32C data digests");
  app.add_flag("--initial-r2t", offer.initial_r2t, "ask for InitialR2T=Yes: no unsolicited data");
  app.add_flag("!--no-immediate-data", offer.immediate_data, "ask for ImmediateData=No");
  app.add_option("--max-recv-data-segment-length", offer.max_recv_data_segment_length)
      ->check(length)
      ->capture_default_str();
  app.add_option("--max-burst-length", offer.max_burst_length)->check(length)->capture_default_str();
  app.add_option("--first-burst-length", offer.first_burst_length)->check(length)->capture_default_str();
  app.add_option("--max-outstanding-r2t", offer.max_outstanding_r2t)
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
}

}  // namespace

unsigned read_share(const Options& options) {
  switch (options.load) {
    case Load::read:
      return 100;
    case Load::write:
      return 0;
    case Load::mix:
      return options.read_percent;
  }
  return 100;
}

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
  Options options;
  CLI::App app("An iSCSI initiator that makes load and measures it.", "iscsi_load");
  add_protocol(app, options);
  add_load(app, options);
  add_run(app, options);
  try {  // CLI11 reports by exception; it ends here
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return options;
}

}  // namespace tgt::bench
