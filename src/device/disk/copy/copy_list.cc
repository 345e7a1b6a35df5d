// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_list.h"

#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using third_party_copy::BlockToBlockSegment;
using third_party_copy::ExtendedCopyHeader;
using third_party_copy::IdentificationDescriptor;
using third_party_copy::ListIdUsage;
using third_party_copy::SegmentHeader;

// Where fields of the header stand.
constexpr std::uint16_t at_list_identifier = 0;
constexpr std::uint16_t at_list_id_usage = 1;
constexpr std::uint16_t at_cscd_list_length = 2;
constexpr std::uint16_t at_segment_list_length = 8;
constexpr std::uint16_t at_inline_data_length = 12;

ListIdUsage usage_of(const ExtendedCopyHeader& header) { return static_cast<ListIdUsage>((header.flags >> 3) & 0x03); }

std::optional<Sense> refuses(const ExtendedCopyHeader& header, std::size_t list_length) {
  constexpr std::uint8_t top_bit_of_usage = 4;
  const ListIdUsage usage = usage_of(header);
  if (usage == ListIdUsage::reserved) return Sense::invalid_field_in_parameter_list(at_list_id_usage, top_bit_of_usage);
  if (usage == ListIdUsage::none && header.list_identifier != 0) {
    return Sense::invalid_field_in_parameter_list(at_list_identifier);
  }
  if (header.inline_data_length != 0) {
    return copy_sense::pointing_at(copy_sense::inline_data_length_exceeded, at_inline_data_length);
  }
  const std::uint64_t descriptors =
      std::uint64_t{header.cscd_descriptor_list_length} + header.segment_descriptor_list_length;
  if (descriptors > CopyList::longest_descriptors || descriptors > list_length - sizeof header) {
    return Sense::parameter_list_length_error();
  }
  if (header.cscd_descriptor_list_length % sizeof(IdentificationDescriptor) != 0) {
    return Sense::invalid_field_in_parameter_list(at_cscd_list_length);
  }
  return std::nullopt;
}

std::optional<Sense> refuses(const IdentificationDescriptor& cscd, std::size_t at) {
  const auto field = [at](std::size_t byte, std::uint8_t bit) {
    return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + byte), bit);
  };
  constexpr unsigned association_mask = 0x30;
  if (cscd.type != IdentificationDescriptor::type_code) return copy_sense::unsupported_target_descriptor_type(at);
  // LU ID TYPE says nothing here: SPC-4 and later ignore it for this descriptor.
  if ((cscd.association_and_type & association_mask) != 0) return field(5, 5);
  if (cscd.designator_length > cscd.designator.size()) return field(7, 7);
  return std::nullopt;
}

Result<std::vector<IdentificationDescriptor>, Sense> cscds_of(Bytes descriptors) {
  std::vector<IdentificationDescriptor> cscds;
  if (descriptors.size() / sizeof(IdentificationDescriptor) > CopyList::most_cscds) {
    return failure(copy_sense::pointing_at(copy_sense::too_many_target_descriptors, at_cscd_list_length));
  }
  while (const auto cscd = read_wire<IdentificationDescriptor>(descriptors)) {
    if (const auto refused = refuses(*cscd, cscd_position(cscds.size()))) return failure(*refused);
    cscds.push_back(*cscd);
    descriptors = descriptors.subspan(sizeof *cscd);
  }
  return cscds;
}

// `at`: where the first descriptor stands in the list.
Result<std::vector<BlockToBlockSegment>, Sense> segments_of(Bytes descriptors, std::size_t at) {
  std::vector<BlockToBlockSegment> segments;
  while (!descriptors.empty()) {
    if (segments.size() == CopyList::most_segments) {
      return failure(copy_sense::pointing_at(copy_sense::too_many_segment_descriptors, at_segment_list_length));
    }
    if (descriptors[0] != BlockToBlockSegment::type_code) {
      return failure(copy_sense::unsupported_segment_descriptor_type(at));
    }
    const auto segment = read_wire<BlockToBlockSegment>(descriptors);
    if (!segment) return failure(Sense::invalid_field_in_parameter_list(at_segment_list_length));
    if (segment->header.descriptor_length != sizeof *segment - sizeof(SegmentHeader)) {
      return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + 2)));
    }
    segments.push_back(*segment);
    descriptors = descriptors.subspan(sizeof *segment);
    at += sizeof *segment;
  }
  return segments;
}

}  // namespace

Result<CopyList, Sense> CopyList::parse(Bytes list) {
  const auto header = read_wire<ExtendedCopyHeader>(list);
  if (!header) return failure(Sense::parameter_list_length_error());
  if (const auto refused = refuses(*header, list.size())) return failure(*refused);
  const std::size_t cscds_length = header->cscd_descriptor_list_length;
  const std::size_t segments_at = sizeof *header + cscds_length;
  auto cscds = cscds_of(list.subspan(sizeof *header, cscds_length));
  if (!cscds) return failure(cscds.error());
  auto segments = segments_of(list.subspan(segments_at, header->segment_descriptor_list_length), segments_at);
  if (!segments) return failure(segments.error());
  CopyList parsed;
  if (usage_of(*header) != ListIdUsage::none) parsed.identifier = header->list_identifier;
  parsed.cscds = std::move(*cscds);
  parsed.segments = std::move(*segments);
  return parsed;
}

}  // namespace tgt
