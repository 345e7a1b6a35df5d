// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

// Parameter lists and parameter data of third-party copy commands (SPC-5, 6.5 to 6.6 and 6.19 to 6.25).
namespace tgt::third_party_copy {

// EXTENDED COPY(LID1): header, CSCD descriptors, segment descriptors, inline data.
struct ExtendedCopyHeader {
  std::uint8_t list_identifier = 0;
  std::uint8_t flags = 0;  // STR in bit 5, LIST ID USAGE in bits 4 and 3, PRIORITY in bits 2 to 0
  be16 cscd_descriptor_list_length{};
  be32 reserved{};
  be32 segment_descriptor_list_length{};
  be32 inline_data_length{};
};
static_assert(WireStruct<ExtendedCopyHeader> && sizeof(ExtendedCopyHeader) == 16);

// LIST ID USAGE.
enum class ListIdUsage : std::uint8_t { held = 0, reserved = 1, discarded = 2, none = 3 };

// A copy source or copy destination by its identification: one designator of VPD page 83h.
struct IdentificationDescriptor {
  static constexpr std::uint8_t type_code = 0xe4;
  static constexpr std::uint8_t null_device = 0x20;  // NUL
  static constexpr std::uint8_t device_type_mask = 0x1f;
  std::uint8_t type = type_code;
  std::uint8_t flags_and_device_type = 0;
  be16 relative_initiator_port_identifier{};
  std::uint8_t code_set = 0;
  std::uint8_t association_and_type = 0;
  std::uint8_t reserved = 0;
  std::uint8_t designator_length = 0;
  std::array<std::uint8_t, 20> designator{};
  std::uint8_t flags_28 = 0;  // PAD in bit 2
  be24 disk_block_length{};
};
static_assert(WireStruct<IdentificationDescriptor> && sizeof(IdentificationDescriptor) == 32);

struct SegmentHeader {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  be16 descriptor_length{};  // of what follows this field
};
static_assert(WireStruct<SegmentHeader> && sizeof(SegmentHeader) == 4);

// From block device to block device.
struct BlockToBlockSegment {
  static constexpr std::uint8_t type_code = 0x02;
  static constexpr std::uint8_t destination_count = 0x02;  // DC: NUMBER OF BLOCKS are blocks of the destination
  SegmentHeader header{.type = type_code, .flags = 0, .descriptor_length = 24};
  be16 source_descriptor_id{};
  be16 destination_descriptor_id{};
  be16 reserved{};
  be16 number_of_blocks{};
  be64 source_block_address{};
  be64 destination_block_address{};
};
static_assert(WireStruct<BlockToBlockSegment> && sizeof(BlockToBlockSegment) == 28);

// COPY OPERATION STATUS, in both editions of the status data.
enum class CopyStatus : std::uint8_t { in_progress = 0x00, without_errors = 0x01, with_errors = 0x02 };
inline constexpr std::uint8_t in_progress_in_foreground = 0x11;  // of RECEIVE ROD TOKEN INFORMATION
inline constexpr std::uint8_t units_of_bytes = 0x00;             // TRANSFER COUNT UNITS
inline constexpr std::uint8_t units_of_blocks = 0xf1;

// RECEIVE COPY STATUS(LID1).
struct CopyStatusData {
  be32 available_data = 8u;
  std::uint8_t status = 0;  // HDD in bit 7
  be16 segments_processed{};
  std::uint8_t transfer_count_units = units_of_bytes;
  be32 transfer_count{};
};
static_assert(WireStruct<CopyStatusData> && sizeof(CopyStatusData) == 12);

// RECEIVE COPY OPERATING PARAMETERS, before the implemented descriptor types.
struct OperatingParameters {
  be32 available_data{};
  std::uint8_t supports_no_list_identifier = 0x01;  // SNLID
  std::array<std::uint8_t, 3> reserved_5{};
  be16 maximum_cscd_descriptor_count{};
  be16 maximum_segment_descriptor_count{};
  be32 maximum_descriptor_list_length{};
  be32 maximum_segment_length{};
  be32 maximum_inline_data_length{};
  be32 held_data_limit{};
  be32 maximum_stream_device_transfer_size{};
  be16 reserved_32{};
  be16 total_concurrent_copies{};
  std::uint8_t maximum_concurrent_copies = 0;
  std::uint8_t data_segment_granularity = 0;  // a power of two, as the next two
  std::uint8_t inline_data_granularity = 0;
  std::uint8_t held_data_granularity = 0;
  std::array<std::uint8_t, 3> reserved_40{};
  std::uint8_t implemented_descriptor_list_length = 0;
};
static_assert(WireStruct<OperatingParameters> && sizeof(OperatingParameters) == 44);

// RECEIVE COPY FAILURE DETAILS(LID1), before the sense data.
struct FailureDetails {
  be32 available_data{};
  std::array<std::uint8_t, 52> reserved{};
  std::uint8_t extended_copy_command_status = 0;
  std::uint8_t reserved_57 = 0;
  be16 sense_data_length{};
};
static_assert(WireStruct<FailureDetails> && sizeof(FailureDetails) == 60);

}  // namespace tgt::third_party_copy
