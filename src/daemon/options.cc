// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "reactor/buffer_share.h"
#include "transport/iscsi/portal_address.h"

namespace tgt {
namespace {

// One `name=value` of --iscsi. The text says what is wrong with it.
std::optional<std::string> apply_iscsi(DaemonOptions& options, std::string_view item) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
  if (name == "portal") {
    if (!PortalAddress::parse(value)) {
      return fmt::format("--iscsi portal={}: not an address; write 192.0.2.1:3260 or [2001:db8::1]:3260", value);
    }
    options.portals.emplace_back(value);
    return std::nullopt;
  }
  if (name != "nop_interval" && name != "nop_count") {
    return fmt::format("--iscsi {}: unknown; there are portal=, nop_interval= and nop_count=", item);
  }
  const std::optional<unsigned> count = parse_decimal(value);
  if (!count) return fmt::format("--iscsi {}: '{}' is no number", item, value);
  (name == "nop_interval" ? options.nop_interval_seconds : options.nop_count) = count;
  return std::nullopt;
}

// What CLI11 collects before it is checked as a whole.
struct Collected {
  DaemonOptions options;
  std::vector<std::string> iscsi;
  std::string process_id_file;
  std::string debug_level = "0";
  std::string backend = "auto";
  unsigned buffer_megabytes = 256;
  unsigned busy_poll_microseconds = 50;  // about what it costs a sleeping thread to be woken
  unsigned io_threads = 0;
  bool stay_attached = false;
};

void declare(CLI::App& program, Collected& to) {
  program.set_version_flag("-V,--version", std::string(TGT_VERSION));
  program.add_flag("-f,--foreground", to.options.foreground, "stay in the foreground and log to standard error");
  program.add_flag("-D,--nodaemonize", to.stay_attached, "the same as --foreground");
  program
      .add_option("-C,--control-port", to.options.control_port, "which management socket tgtadm finds this daemon at")
      ->check(CLI::Range(0, 65535));
  program.add_option("-t,--nr_iothreads", to.io_threads, "accepted for old start scripts; --shards sets the threads");
  program.add_option("-p,--pid-file", to.process_id_file, "write the process number to this file");
  program.add_option("-d,--debug", to.debug_level, "1 logs more")->check(CLI::IsMember({"0", "1"}));
  program.add_option(
      "--iscsi", to.iscsi,
      "portal=ADDRESS[:PORT][@ADVERTISED[:PORT]] (repeatable), nop_interval=SECONDS, nop_count=N, separated by commas");
  program.add_option("--state-directory", to.options.state_directory,
                     "where reservations and saved settings are kept that must outlive tgtd (default: /var/lib/tgt)");
  program.add_option("--shards", to.options.reactor.shards, "threads that serve I/O (default: one for each CPU)")
      ->check(CLI::Range(1, 256));
  program.add_option("--backend", to.backend, "how to talk to the kernel: auto, io_uring or epoll")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}));
  program.add_option("--buffer-memory", to.buffer_megabytes, "most MiB of data buffers for each shard")
      ->check(CLI::Range(unsigned{BufferShare::pool_for_two >> 20}, 1u << 20));  // ORWRITE has its data twice
  program
      .add_option("--busy-poll", to.busy_poll_microseconds,
                  "microseconds to look for more work before sleeping, after there was some")
      ->check(CLI::Range(0u, 1000u));
}

}  // namespace

Result<DaemonOptions, ProgramEnd> parse_daemon_options(int argument_count, const char* const* arguments) {
  Collected collected;
  CLI::App program("SCSI target daemon: gives SCSI devices, real or emulated, to initiators over a network", "tgtd");
  declare(program, collected);
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    return failure(ProgramEnd{0, program.help()});
  } catch (const CLI::CallForVersion&) {
    return failure(ProgramEnd{0, std::string(TGT_VERSION "\n")});
  } catch (const CLI::ParseError& fault) {
    return failure(ProgramEnd{1, fmt::format("tgtd: {}\nTry `tgtd --help' for more information.\n", fault.what())});
  }
  DaemonOptions options = std::move(collected.options);
  for (const std::string& list : collected.iscsi) {
    for (const std::string_view item : split(list, ',')) {
      if (item.empty()) continue;
      if (const auto fault = apply_iscsi(options, item)) return failure(ProgramEnd{1, "tgtd: " + *fault + "\n"});
    }
  }
  options.foreground = options.foreground || collected.stay_attached;
  options.debug = collected.debug_level == "1";
  if (!collected.process_id_file.empty()) options.process_id_file = collected.process_id_file;
  if (collected.backend == "io_uring") options.reactor.backend = Reactor::BackendChoice::io_uring;
  if (collected.backend == "epoll") options.reactor.backend = Reactor::BackendChoice::epoll;
  options.reactor.buffer_limit = std::size_t{collected.buffer_megabytes} << 20;
  options.reactor.busy_poll = std::chrono::microseconds(collected.busy_poll_microseconds);
  return options;
}

}  // namespace tgt
