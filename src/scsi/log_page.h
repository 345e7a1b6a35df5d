// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

// Log pages (SPC-6, 7.3; SBC-4, 6.4).
namespace tgt::log_page {

enum class Page : std::uint8_t {
  supported_pages = 0x00,
  write_error_counters = 0x02,
  read_error_counters = 0x03,
  verify_error_counters = 0x05,
  logical_block_provisioning = 0x0c,
  temperature = 0x0d,
  solid_state_media = 0x11,
  general_statistics_and_performance = 0x19,
  informational_exceptions = 0x2f,
};

inline constexpr std::uint8_t every_subpage = 0xff;
inline constexpr std::uint8_t disable_save = 0x80;    // DS, in byte 0
inline constexpr std::uint8_t subpage_format = 0x40;  // SPF

struct PageHeader {
  std::uint8_t page_code = 0;
  std::uint8_t subpage_code = 0;
  be16 page_length{};
};
static_assert(WireStruct<PageHeader> && sizeof(PageHeader) == 4);

// FORMAT AND LINKING of a parameter's control byte.
inline constexpr std::uint8_t bounded_counter = 0x00;
inline constexpr std::uint8_t binary_list = 0x03;

struct ParameterHeader {
  be16 parameter_code{};
  std::uint8_t control = bounded_counter;
  std::uint8_t parameter_length = 0;  // of what follows
};
static_assert(WireStruct<ParameterHeader> && sizeof(ParameterHeader) == 4);

struct Counter {
  ParameterHeader header{.parameter_length = sizeof(be64)};
  be64 value{};
};
static_assert(WireStruct<Counter> && sizeof(Counter) == 12);

// SPC-6, 7.3.8. The general statistics and performance parameter, 0001h.
struct GeneralStatistics {
  ParameterHeader header{std::uint16_t{0x0001}, binary_list, 64};
  be64 read_commands{};
  be64 write_commands{};
  be64 logical_blocks_received{};
  be64 logical_blocks_transmitted{};
  be64 read_command_processing_intervals{};
  be64 write_command_processing_intervals{};
  be64 weighted_read_and_write_commands{};
  be64 weighted_processing_intervals{};
};
static_assert(WireStruct<GeneralStatistics> && sizeof(GeneralStatistics) == 68);

// How long an interval is: `integer` times ten to the power of minus `exponent` seconds. Parameter 0003h.
struct TimeInterval {
  ParameterHeader header{std::uint16_t{0x0003}, binary_list, 8};
  be32 exponent{};
  be32 integer{};
};
static_assert(WireStruct<TimeInterval> && sizeof(TimeInterval) == 12);

// SBC-4, 6.4.5: 0001h the LBA mapping resources that are available, 0002h those that are used; in threshold sets.
struct ResourceCount {
  static constexpr std::uint16_t available = 0x0001;
  static constexpr std::uint16_t used = 0x0002;
  static constexpr std::uint8_t dedicated = 0x01;
  static constexpr std::uint8_t shared = 0x02;
  ParameterHeader header{.control = binary_list, .parameter_length = 8};
  be32 count{};
  std::uint8_t scope = dedicated;
  std::array<std::uint8_t, 3> reserved{};
};
static_assert(WireStruct<ResourceCount> && sizeof(ResourceCount) == 12);

inline constexpr std::uint8_t temperature_not_known = 0xff;
// SPC-6, 7.3.22: 0000h the temperature, 0001h the reference temperature.
struct Temperature {
  ParameterHeader header{.control = binary_list, .parameter_length = 2};
  std::uint8_t reserved = 0;
  std::uint8_t degrees_celsius = temperature_not_known;
};
static_assert(WireStruct<Temperature> && sizeof(Temperature) == 6);

// SBC-4, 6.4.9. Parameter 0001h.
struct PercentageUsedEndurance {
  ParameterHeader header{std::uint16_t{0x0001}, binary_list, 4};
  std::array<std::uint8_t, 3> reserved{};
  std::uint8_t percentage = 0;
};
static_assert(WireStruct<PercentageUsedEndurance> && sizeof(PercentageUsedEndurance) == 8);

// SPC-6, 7.3.9. Parameter 0000h.
struct InformationalException {
  ParameterHeader header{.control = binary_list, .parameter_length = 3};
  std::uint8_t additional_sense_code = 0;
  std::uint8_t additional_sense_code_qualifier = 0;
  std::uint8_t most_recent_temperature = temperature_not_known;
};
static_assert(WireStruct<InformationalException> && sizeof(InformationalException) == 7);

}  // namespace tgt::log_page
