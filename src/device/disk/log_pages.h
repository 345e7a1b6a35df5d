// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/disk/disk.h"
#include "device/primary/log_pages.h"

namespace tgt {

// SPC-6, 7.3.4, 7.3.21 and 7.3.27. A store corrects on its own and does not tell: only what it could not do is counted.
template <log_page::Page code, MediumCounters::Kind kind, MediumCounters::View view>
struct ErrorCounters {
  static constexpr auto page = code;
  static void write(const Disk& disk, ParameterWriter& writer) {
    constexpr std::uint16_t total_bytes_processed = 0x0005;
    constexpr std::uint16_t total_uncorrected_errors = 0x0006;
    const MediumCounters::Totals totals = disk.counters().totals(kind, view);
    for (std::uint16_t parameter = 0; parameter <= total_uncorrected_errors; ++parameter) {
      log_page::Counter counter;
      counter.header.parameter_code = parameter;
      if (parameter == total_bytes_processed) counter.value = totals.blocks << disk.block_size().exponent;
      if (parameter == total_uncorrected_errors) counter.value = totals.uncorrected_errors;
      writer.append(counter);
    }
  }
  static void reset(Disk& disk) { disk.counters().reset(view); }
};
using WriteErrorCounters = ErrorCounters<log_page::Page::write_error_counters, MediumCounters::Kind::write,
                                         MediumCounters::View::write_errors>;
using ReadErrorCounters =
    ErrorCounters<log_page::Page::read_error_counters, MediumCounters::Kind::read, MediumCounters::View::read_errors>;
using VerifyErrorCounters = ErrorCounters<log_page::Page::verify_error_counters, MediumCounters::Kind::verify,
                                          MediumCounters::View::verify_errors>;

// SBC-4, 6.4.5, for what is thin over a store that knows. Counts in threshold sets, so that no space is left out.
struct LogicalBlockProvisioningLog {
  static constexpr auto page = log_page::Page::logical_block_provisioning;
  static bool has(const Disk& disk) { return disk.tells_space(); }
  static void write(const Disk& disk, ParameterWriter& writer) {
    using log_page::ResourceCount;
    const BlockStore::Space space = disk.space().last_seen();
    const unsigned exponent = unsigned{disk.threshold_exponent()} + disk.block_size().exponent;
    const std::uint64_t rest_of_a_set = (std::uint64_t{1} << exponent) - 1;
    ResourceCount available;
    available.header.parameter_code = ResourceCount::available;
    available.count = static_cast<std::uint32_t>(space.available >> exponent);
    available.scope = space.available_is_shared ? ResourceCount::shared : ResourceCount::dedicated;
    writer.append(available);
    ResourceCount used;
    used.header.parameter_code = ResourceCount::used;
    used.count = static_cast<std::uint32_t>((space.used + rest_of_a_set) >> exponent);
    writer.append(used);
  }
};

// SPC-6, 7.3.22. There is no thermometer.
struct TemperatureLog {
  static constexpr auto page = log_page::Page::temperature;
  static void write(const Disk&, ParameterWriter& writer) {
    writer.append(log_page::Temperature{});
    log_page::Temperature reference;
    reference.header.parameter_code = std::uint16_t{0x0001};
    writer.append(reference);
  }
};

// SBC-4, 6.4.9, for what does not rotate. What wears out below a file is not known to us: nothing is used up.
struct SolidStateMediaLog {
  static constexpr auto page = log_page::Page::solid_state_media;
  static bool has(const Disk& disk) { return disk.geometry().rotation_rate == 1; }
  static void write(const Disk&, ParameterWriter& writer) { writer.append(log_page::PercentageUsedEndurance{}); }
};

// SPC-6, 7.3.8.
struct GeneralStatisticsLog {
  static constexpr auto page = log_page::Page::general_statistics_and_performance;
  static constexpr auto view = MediumCounters::View::performance;
  static void write(const Disk& disk, ParameterWriter& writer) {
    const MediumCounters::Totals reads = disk.counters().totals(MediumCounters::Kind::read, view);
    const MediumCounters::Totals writes = disk.counters().totals(MediumCounters::Kind::write, view);
    log_page::GeneralStatistics statistics;
    statistics.read_commands = reads.commands;
    statistics.write_commands = writes.commands;
    statistics.logical_blocks_received = writes.blocks;
    statistics.logical_blocks_transmitted = reads.blocks;
    statistics.read_command_processing_intervals = reads.microseconds;
    statistics.write_command_processing_intervals = writes.microseconds;
    statistics.weighted_read_and_write_commands = reads.commands + writes.commands;
    statistics.weighted_processing_intervals = reads.microseconds + writes.microseconds;
    writer.append(statistics);
    writer.append(log_page::TimeInterval{.exponent = std::uint32_t{6}, .integer = std::uint32_t{1}});
  }
  static void reset(Disk& disk) { disk.counters().reset(view); }
};

// SPC-6, 7.3.9. There is none.
struct InformationalExceptionsLog {
  static constexpr auto page = log_page::Page::informational_exceptions;
  static void write(const Disk&, ParameterWriter& writer) { writer.append(log_page::InformationalException{}); }
};

}  // namespace tgt
