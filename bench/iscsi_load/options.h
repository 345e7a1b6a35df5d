// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "iscsi_load/text_keys.h"

namespace tgt::bench {

enum class Load : std::uint8_t { read, write, mix };
enum class Order : std::uint8_t { random, sequential };

struct Options {
  std::string portal = "127.0.0.1:3260";
  std::string target;
  std::string initiator = "iqn.2026-11.invalid.bench:load";
  std::uint16_t lun = 1;

  unsigned sessions = 1;
  unsigned depth = 32;  // 0: log in and stay idle
  unsigned threads = 1;
  std::uint32_t block_size = 4096;  // bytes of one command
  Load load = Load::read;
  unsigned read_percent = 70;  // of Load::mix
  Order order = Order::random;
  std::uint64_t region = 0;  // bytes from the start of the logical unit; 0: all of it
  std::uint64_t seed = 1;

  double warmup_seconds = 0.5;
  double seconds = 3;
  double timeout_seconds = 15;
  bool spin = false;
  bool verify = false;
  bool json = false;
  std::vector<int> server_pids;
  OperationalKeys offer{.header_digest = false,
                        .data_digest = false,
                        .initial_r2t = false,
                        .immediate_data = true,
                        .max_recv_data_segment_length = 262144,
                        .max_burst_length = 1048576,
                        .first_burst_length = 262144,
                        .max_outstanding_r2t = 16};
};

// The share of commands that read, in percent.
unsigned read_share(const Options& options);

// Options, or the exit code when the command line was wrong or only asked for help (the text is already printed).
std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace tgt::bench
