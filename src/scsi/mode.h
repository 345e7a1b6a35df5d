// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

// Mode parameters (SPC-6, 7.5; SBC-4, 6.5).
namespace tgt::mode {

struct Header6 {
  std::uint8_t mode_data_length = 0;  // of what follows this byte
  std::uint8_t medium_type = 0;
  std::uint8_t device_specific_parameter = 0;
  std::uint8_t block_descriptor_length = 0;
};
static_assert(WireStruct<Header6> && sizeof(Header6) == 4);

struct Header10 {
  be16 mode_data_length{};  // of what follows these two bytes
  std::uint8_t medium_type = 0;
  std::uint8_t device_specific_parameter = 0;
  std::uint8_t long_lba = 0;  // LONGLBA in bit 0
  std::uint8_t reserved = 0;
  be16 block_descriptor_length{};
};
static_assert(WireStruct<Header10> && sizeof(Header10) == 8);

// DEVICE-SPECIFIC PARAMETER of block devices (SBC-4, 6.5.1).
inline constexpr std::uint8_t write_protected = 0x80;
inline constexpr std::uint8_t dpo_and_fua_supported = 0x10;

struct ShortLbaBlockDescriptor {
  be32 number_of_logical_blocks{};  // FFFFFFFFh when it does not fit
  std::uint8_t reserved = 0;
  be24 logical_block_length{};
};
static_assert(WireStruct<ShortLbaBlockDescriptor> && sizeof(ShortLbaBlockDescriptor) == 8);

struct LongLbaBlockDescriptor {
  be64 number_of_logical_blocks{};
  be32 reserved{};
  be32 logical_block_length{};
};
static_assert(WireStruct<LongLbaBlockDescriptor> && sizeof(LongLbaBlockDescriptor) == 16);

enum class PageControl : std::uint8_t { current = 0, changeable = 1, defaults = 2, saved = 3 };

inline constexpr std::uint8_t every_page = 0x3f;
inline constexpr std::uint8_t every_subpage = 0xff;
inline constexpr std::uint8_t parameters_savable = 0x80;  // PS, in byte 0 of a page
inline constexpr std::uint8_t subpage_format = 0x40;      // SPF

struct PageHeader {
  std::uint8_t page_code = 0;
  std::uint8_t page_length = 0;  // of what follows this byte
};
static_assert(WireStruct<PageHeader> && sizeof(PageHeader) == 2);

struct SubpageHeader {
  std::uint8_t page_code = 0;
  std::uint8_t subpage_code = 0;
  be16 page_length{};
};
static_assert(WireStruct<SubpageHeader> && sizeof(SubpageHeader) == 4);

// SBC-4, 6.5.8.
struct ReadWriteErrorRecovery {
  static constexpr std::uint8_t provisioning_errors_reported = 0x80;  // LBPERE
  PageHeader header{0x01, 0x0a};
  std::uint8_t flags = 0;  // AWRE 80h, ARRE 40h, TB, RC, PER, DTE
  std::uint8_t read_retry_count = 0;
  std::array<std::uint8_t, 3> obsolete{};
  std::uint8_t lbpere = 0;  // LBPERE
  std::uint8_t write_retry_count = 0;
  std::uint8_t reserved = 0;
  be16 recovery_time_limit{};
};
static_assert(WireStruct<ReadWriteErrorRecovery> && sizeof(ReadWriteErrorRecovery) == 12);

// SBC-4, 6.5.6.
struct Caching {
  static constexpr std::uint8_t write_cache_enabled = 0x04;
  static constexpr std::uint8_t read_cache_disabled = 0x01;
  PageHeader header{0x08, 0x12};
  std::uint8_t flags = 0;  // IC, ABPF, CAP, DISC, SIZE, WCE, MF, RCD
  std::uint8_t retention_priorities = 0;
  be16 disable_prefetch_transfer_length{};
  be16 minimum_prefetch{};
  be16 maximum_prefetch{};
  be16 maximum_prefetch_ceiling{};
  std::uint8_t flags_12 = 0;  // FSW, LBCSS, DRA, NV_DIS
  std::uint8_t number_of_cache_segments = 0;
  be16 cache_segment_size{};
  std::uint8_t reserved = 0;
  be24 obsolete{};
};
static_assert(WireStruct<Caching> && sizeof(Caching) == 20);

// SPC-6, 7.5.10.
struct Control {
  static constexpr std::uint8_t descriptor_format_sense = 0x04;
  static constexpr std::uint8_t software_write_protect = 0x08;
  static constexpr std::uint8_t task_aborted_status = 0x40;
  PageHeader header{0x0a, 0x0a};
  std::uint8_t flags_2 = 0x02;                // TST in bits 7 to 5, DPICZ, D_SENSE, GLTSD, RLEC
  std::uint8_t queue_algorithm_modifier = 0;  // and QERR in bits 2 and 1, NUAR
  std::uint8_t flags_4 = 0;                   // RAC, UA_INTLCK_CTRL in bits 5 and 4, SWP in bit 3
  std::uint8_t flags_5 = 0;                   // ATO, TAS in bit 6, AUTOLOAD MODE
  be16 obsolete{};
  be16 busy_timeout_period{0xffff};
  be16 extended_self_test_completion_time{};
};
static_assert(WireStruct<Control> && sizeof(Control) == 12);

// SPC-6, 7.5.11.
struct ControlExtension {
  static constexpr std::uint8_t timestamp_changeable_by_other_means = 0x04;  // TCMOS
  static constexpr std::uint8_t scsi_precedence = 0x02;                      // SCSIP
  SubpageHeader header{0x0a | subpage_format, 0x01, be16{0x1c}};
  std::uint8_t flags = 0;  // TCMOS, SCSIP, IALUAE
  std::uint8_t initial_command_priority = 0;
  std::uint8_t maximum_sense_data_length = 0;
  std::array<std::uint8_t, 25> reserved{};
};
static_assert(WireStruct<ControlExtension> && sizeof(ControlExtension) == 32);

// SPC-6, 7.5.14.
struct InformationalExceptionsControl {
  PageHeader header{0x1c, 0x0a};
  std::uint8_t flags = 0x08;  // PERF, EBF, EWASC, DEXCPT 08h, TEST, EBACKERR, LOGERR
  std::uint8_t method_of_reporting = 0;
  be32 interval_timer{};
  be32 report_count{};
};
static_assert(WireStruct<InformationalExceptionsControl> && sizeof(InformationalExceptionsControl) == 12);

// SBC-4, 6.5.9. One threshold: SBC-4, 4.7.3.7.
struct ThresholdDescriptor {
  static constexpr std::uint8_t enabled = 0x80;
  static constexpr std::uint8_t armed_decreasing = 0x00;  // THRESHOLD ARMING, bits 2 to 0
  static constexpr std::uint8_t armed_increasing = 0x01;
  static constexpr std::uint8_t available_resources = 0x01;  // THRESHOLD RESOURCE: LBA mapping resources
  static constexpr std::uint8_t used_resources = 0x02;
  std::uint8_t flags = 0;  // ENABLED, THRESHOLD TYPE in bits 5 to 3 (0: a soft threshold), THRESHOLD ARMING
  std::uint8_t resource = 0;
  be16 reserved{};
  be32 count{};  // threshold sets
};
static_assert(WireStruct<ThresholdDescriptor> && sizeof(ThresholdDescriptor) == 8);

struct LogicalBlockProvisioning {
  SubpageHeader header{0x1c | subpage_format, 0x02, be16{28}};
  std::uint8_t flags = 0;  // SITUA
  std::array<std::uint8_t, 11> reserved{};
  std::array<ThresholdDescriptor, 2> thresholds{
      ThresholdDescriptor{.flags = ThresholdDescriptor::armed_decreasing,
                          .resource = ThresholdDescriptor::available_resources},
      ThresholdDescriptor{.flags = ThresholdDescriptor::armed_increasing,
                          .resource = ThresholdDescriptor::used_resources}};
};
static_assert(WireStruct<LogicalBlockProvisioning> && sizeof(LogicalBlockProvisioning) == 32);

// SPC-6, 7.5.15.
struct PowerCondition {
  PageHeader header{0x1a, 0x26};
  std::uint8_t standby_y = 0;
  std::uint8_t enabled_timers = 0;
  std::array<be32, 5> timers{};
  std::array<std::uint8_t, 15> reserved{};
  std::uint8_t check_condition_from_idle = 0;
};
static_assert(WireStruct<PowerCondition> && sizeof(PowerCondition) == 40);

}  // namespace tgt::mode
