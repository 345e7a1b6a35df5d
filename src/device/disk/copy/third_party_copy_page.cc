// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/third_party_copy_page.h"

#include "device/disk/copy/copy_limits.h"
#include "device/disk/copy/copy_list.h"
#include "device/disk/copy/third_party_copies.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

struct DescriptorHeader {
  be16 type{};
  be16 length{};
};
static_assert(WireStruct<DescriptorHeader> && sizeof(DescriptorHeader) == 4);

struct BlockDeviceRodTokenLimits {
  static constexpr std::uint16_t type = 0x0000;
  std::array<std::uint8_t, 6> vendor_specific{};
  be16 maximum_range_descriptors = RodTokens::most_ranges;
  be32 maximum_inactivity_timeout = static_cast<std::uint32_t>(RodTokens::longest_inactivity.count());
  be32 default_inactivity_timeout = static_cast<std::uint32_t>(RodTokens::usual_inactivity.count());
  be64 maximum_token_transfer_size{};
  be64 optimal_transfer_count{};
};
static_assert(WireStruct<BlockDeviceRodTokenLimits> && sizeof(BlockDeviceRodTokenLimits) == 32);

struct ParameterDataLimits {
  static constexpr std::uint16_t type = 0x0004;
  be32 reserved_4{};
  be16 maximum_cscd_descriptor_count = CopyList::most_cscds;
  be16 maximum_segment_descriptor_count = CopyList::most_segments;
  be32 maximum_descriptor_list_length = CopyList::longest_descriptors;
  be32 maximum_inline_data_length{};
  std::array<std::uint8_t, 12> reserved_20{};
};
static_assert(WireStruct<ParameterDataLimits> && sizeof(ParameterDataLimits) == 28);

struct RodTokenFeatures {
  static constexpr std::uint16_t type = 0x0106;
  std::uint8_t remote_tokens = 0;
  std::array<std::uint8_t, 11> reserved_5{};
  be32 minimum_token_lifetime{};
  be32 maximum_token_lifetime = static_cast<std::uint32_t>(RodTokens::longest_life.count());
  be32 maximum_token_inactivity_timeout = static_cast<std::uint32_t>(RodTokens::longest_inactivity.count());
  std::array<std::uint8_t, 18> reserved_28{};
  be16 device_type_features_length = 48;
  // Block ROD device type specific features.
  std::uint8_t peripheral_device_type = 0;
  std::uint8_t reserved_49 = 0;
  be16 features_length = 44;
  be16 reserved_52{};
  be16 optimal_rod_length_granularity{};
  be64 maximum_bytes_in_rod = RodTokens::most_bytes;
  be64 optimal_bytes_in_rod_transfer = RodTokens::most_bytes;
  be64 optimal_bytes_to_token_per_segment = RodTokens::most_bytes;
  be64 optimal_bytes_from_token_per_segment = RodTokens::most_bytes;
  std::array<std::uint8_t, 8> reserved_88{};
};
static_assert(WireStruct<RodTokenFeatures> && sizeof(RodTokenFeatures) == 92);

struct RodType {
  static constexpr std::uint8_t token_out = 0x01;  // POPULATE TOKEN makes such tokens
  static constexpr std::uint8_t token_in = 0x02;   // WRITE USING TOKEN takes them
  be32 rod_type{};
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;
  be16 preference_indicator{};
  std::array<std::uint8_t, 56> reserved_8{};
};
static_assert(WireStruct<RodType> && sizeof(RodType) == 64);

struct SupportedRodTypes {
  static constexpr std::uint16_t type = 0x0108;
  be16 reserved{};
  be16 descriptors_length = 2 * sizeof(RodType);
  RodType change_vulnerable{.rod_type = RodToken::change_vulnerable,
                            .flags = RodType::token_out | RodType::token_in,
                            .preference_indicator = std::uint16_t{0x0080}};
  RodType block_device_zero{.rod_type = RodToken::block_device_zero, .flags = RodType::token_in};
};
static_assert(WireStruct<SupportedRodTypes> && sizeof(SupportedRodTypes) == 132);

struct GeneralCopyOperations {
  static constexpr std::uint16_t type = 0x8001;
  be32 total_concurrent_copies = std::uint32_t{CopyOperations::most_running};
  be32 maximum_identified_concurrent_copies = std::uint32_t{CopyOperations::most_running};
  be32 maximum_segment_length = copy_limits::longest_segment;
  std::uint8_t data_segment_granularity = copy_limits::granularity;
  std::uint8_t inline_data_granularity = 0;
  std::array<std::uint8_t, 18> reserved_18{};
};
static_assert(WireStruct<GeneralCopyOperations> && sizeof(GeneralCopyOperations) == 32);

template <class Descriptor>
void append(ParameterWriter& writer, const Descriptor& descriptor) {
  writer.append(DescriptorHeader{.type = Descriptor::type, .length = std::uint16_t{sizeof descriptor}});
  writer.append(descriptor);
}

// A descriptor that is a list with its own length in front (of `LengthField`), filled to a multiple of four.
template <class LengthField>
void append_list(ParameterWriter& writer, std::uint16_t type, Bytes list) {
  const std::size_t used = sizeof(LengthField) + list.size();
  const std::size_t length = (used + 3) / 4 * 4;
  writer.append(DescriptorHeader{.type = type, .length = static_cast<std::uint16_t>(length)});
  writer.append(LengthField(static_cast<std::uint8_t>(list.size())));
  writer.append(list);
  writer.append_zeros(length - used);
}

// Each operation code with how many service actions follow it, and these: as the command table of this disk has them.
void append_commands(const Disk& disk, ParameterWriter& writer) {
  std::array<std::uint8_t, 64> room{};
  ParameterWriter list{MutableBytes(room)};
  for (const std::uint8_t code : {operation_code::third_party_copy_out, operation_code::third_party_copy_in}) {
    const auto rows = disk.commands().of(code);
    list.append(code);
    list.append(static_cast<std::uint8_t>(rows.size()));
    for (const CommandTraits& row : rows) list.append(static_cast<std::uint8_t>(row.service_action.value_or(0)));
  }
  append_list<std::uint8_t>(writer, 0x0001, list.written());
}

}  // namespace

void ThirdPartyCopyPage::write(const Disk& disk, const Command&, ParameterWriter& writer) {
  constexpr be16 this_logical_unit = 0xffff;
  const std::uint64_t most_blocks = RodTokens::most_bytes >> disk.block_size().exponent;
  append(writer,
         BlockDeviceRodTokenLimits{.maximum_token_transfer_size = most_blocks, .optimal_transfer_count = most_blocks});
  append_commands(disk, writer);
  append(writer, ParameterDataLimits{});
  append_list<std::uint8_t>(writer, 0x0008, copy_limits::descriptor_types);
  append_list<be16>(writer, 0x000c, bytes_of(this_logical_unit));
  append(writer, RodTokenFeatures{});
  append(writer, SupportedRodTypes{});
  append(writer, GeneralCopyOperations{});
}

}  // namespace tgt
