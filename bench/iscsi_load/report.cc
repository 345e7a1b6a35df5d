// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tgt::bench {
namespace {

struct Figures {
  double iops;
  double megabytes_per_second;
  double generator_busy;                        // share of one core, without polls that found nothing
  std::optional<double> server_busy;            // share of one core
  std::optional<double> server_cpu_per_100000;  // seconds
};

Figures figures_of(const Report& report) {
  const double seconds = report.seconds > 0 ? report.seconds : 1;
  const auto commands = static_cast<double>(report.measured.commands);
  const double busy_seconds = report.generator_cpu_seconds - static_cast<double>(report.measured.idle_polling) / 1e9;
  Figures figures{.iops = commands / seconds,
                  .megabytes_per_second = static_cast<double>(report.measured.bytes) / seconds / 1e6,
                  .generator_busy = std::max(busy_seconds, 0.0) / seconds,
                  .server_busy = {},
                  .server_cpu_per_100000 = {}};
  if (!report.server_cpu_seconds) return figures;
  figures.server_busy = *report.server_cpu_seconds / seconds;
  if (commands > 0) figures.server_cpu_per_100000 = *report.server_cpu_seconds / commands * 100'000;
  return figures;
}

double microseconds(double nanoseconds) { return nanoseconds / 1000; }

std::string size_text(std::uint32_t bytes) {
  if (bytes % (1U << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  if (bytes % (1U << 10) == 0) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} B", bytes);
}

std::string load_text(const Options& options) {
  switch (options.load) {
    case Load::read:
      return "read";
    case Load::write:
      return "write";
    case Load::mix:
      return fmt::format("mix ({} % read)", options.read_percent);
  }
  return "";
}

}  // namespace

std::string describe_load(const Options& options) {
  return fmt::format("{} {} {}, {} x {}", size_text(options.block_size),
                     options.order == Order::random ? "random" : "sequential", load_text(options), options.sessions,
                     options.depth);
}

std::string as_text(const Options& options, const Report& report) {
  const Figures figures = figures_of(report);
  const Histogram& latency = report.measured.latency;
  std::string text = fmt::format(
      "{}: {:.0f} IOPS, {:.1f} MB/s, latency p50 {:.1f} p99 {:.1f} p99.9 {:.1f} max {:.1f} us, generator {:.0f} % of a "
      "core",
      describe_load(options), figures.iops, figures.megabytes_per_second, microseconds(latency.percentile(0.5)),
      microseconds(latency.percentile(0.99)), microseconds(latency.percentile(0.999)),
      microseconds(static_cast<double>(latency.longest())), figures.generator_busy * 100);
  if (figures.server_busy) text += fmt::format(", server {:.1f} % of a core", *figures.server_busy * 100);
  if (figures.server_cpu_per_100000) {
    text += fmt::format(", {:.3f} CPU s per 100,000 commands", *figures.server_cpu_per_100000);
  }
  if (options.verify) text += fmt::format(", {} reads verified", report.measured.verified_reads);
  return text;
}

std::string as_json(const Options& options, const Report& report) {
  const Figures figures = figures_of(report);
  const Histogram& latency = report.measured.latency;
  nlohmann::ordered_json json;
  json["load"] = describe_load(options);
  json["sessions"] = options.sessions;
  json["depth"] = options.depth;
  json["block_size"] = options.block_size;
  json["read_percent"] = read_share(options);
  json["order"] = options.order == Order::random ? "random" : "sequential";
  json["seconds"] = report.seconds;
  json["commands"] = report.measured.commands;
  json["iops"] = figures.iops;
  json["mb_per_second"] = figures.megabytes_per_second;
  json["latency_us"] = {{"mean", microseconds(latency.mean())},
                        {"p50", microseconds(latency.percentile(0.5))},
                        {"p99", microseconds(latency.percentile(0.99))},
                        {"p99.9", microseconds(latency.percentile(0.999))},
                        {"max", microseconds(static_cast<double>(latency.longest()))}};
  json["window_closed"] = report.measured.window_closed;
  json["verified_reads"] = report.measured.verified_reads;
  json["generator_cpu_share"] = figures.generator_busy;
  json["server_cpu_share"] = figures.server_busy ? nlohmann::ordered_json(*figures.server_busy) : nullptr;
  json["server_cpu_seconds_per_100000"] =
      figures.server_cpu_per_100000 ? nlohmann::ordered_json(*figures.server_cpu_per_100000) : nullptr;
  json["agreed"] = {{"header_digest", report.agreed.header_digest},
                    {"data_digest", report.agreed.data_digest},
                    {"initial_r2t", report.agreed.initial_r2t},
                    {"immediate_data", report.agreed.immediate_data},
                    {"target_max_recv_data_segment_length", report.agreed.max_recv_data_segment_length},
                    {"max_burst_length", report.agreed.max_burst_length},
                    {"first_burst_length", report.agreed.first_burst_length}};
  return json.dump();
}

}  // namespace tgt::bench
