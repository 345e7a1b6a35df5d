// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_plan.h"

#include <optional>

#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using third_party_copy::BlockToBlockSegment;
using third_party_copy::IdentificationDescriptor;

constexpr std::uint16_t this_logical_unit = 0xffff;  // CSCD DESCRIPTOR ID: the unit that got the command
constexpr std::uint16_t at_device_type = 1;          // in a CSCD descriptor
constexpr std::uint16_t at_disk_block_length = 29;

// Where fields of a segment descriptor stand.
struct EndFields {
  std::uint16_t descriptor_id;
  std::uint16_t block_address;
};
constexpr EndFields source_fields{4, 12};
constexpr EndFields destination_fields{6, 20};
constexpr std::uint16_t at_number_of_blocks = 10;

class Planner {
 public:
  Planner(const Command& command, const CopyList& list) : command_(command), list_(list), ends_(list.cscds.size()) {}

  Result<CopySpan, Sense> span_of(std::size_t number);

 private:
  Result<CopyEnd, Sense> end_of(std::uint16_t identifier, std::size_t number, std::uint16_t field);
  Result<CopyEnd, Sense> look_up(std::size_t index) const;
  std::optional<Sense> out_of_reach(const CopyEnd& end, BlockRange range, std::size_t number, EndFields fields) const;

  const Command& command_;
  const CopyList& list_;
  std::vector<std::optional<CopyEnd>> ends_;  // those that have been looked up
};

Result<CopyEnd, Sense> Planner::look_up(std::size_t index) const {
  const IdentificationDescriptor& cscd = list_.cscds[index];
  if ((cscd.flags_and_device_type & IdentificationDescriptor::null_device) != 0) {
    return failure(copy_sense::copy_target_device_not_reachable);
  }
  auto found = find_copy_end(command_, cscd);
  if (!found) return failure(copy_sense::copy_target_device_not_reachable);
  const unsigned device_type = cscd.flags_and_device_type & IdentificationDescriptor::device_type_mask;
  const std::size_t at = cscd_position(index);
  if (device_type != static_cast<unsigned>(PeripheralDeviceType::block)) {
    return failure(copy_sense::pointing_at(copy_sense::incorrect_copy_target_device_type, at + at_device_type));
  }
  if (cscd.disk_block_length != found->disk->block_size().bytes()) {
    return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + at_disk_block_length)));
  }
  return std::move(*found);
}

Result<CopyEnd, Sense> Planner::end_of(std::uint16_t identifier, std::size_t number, std::uint16_t field) {
  if (identifier == this_logical_unit) {
    auto own = own_copy_end(command_);
    if (own) return std::move(*own);
    return failure(copy_sense::in_segment(copy_sense::copy_target_device_not_reachable, number, field));
  }
  if (identifier >= ends_.size()) {
    return failure(copy_sense::in_segment(copy_sense::unreachable_copy_target, number, field));
  }
  std::optional<CopyEnd>& known = ends_[identifier];
  if (known) return *known;
  auto found = look_up(identifier);
  if (!found) {
    Sense sense = found.error();
    if (sense.key != SenseKey::copy_aborted) return failure(sense);
    sense.command_specific = number;
    if (!sense.field) sense.field = FieldPointer{FieldPointer::Where::segment_descriptor, field, {}};
    return failure(sense);
  }
  known = *found;
  return *known;
}

std::optional<Sense> Planner::out_of_reach(const CopyEnd& end, BlockRange range, std::size_t number,
                                           EndFields fields) const {
  const auto reason = range.unreachable(*end.disk);
  if (!reason) return std::nullopt;
  if (reason->key == SenseKey::not_ready) {
    return copy_sense::in_segment(copy_sense::third_party_device_failure, number, fields.descriptor_id);
  }
  return copy_sense::in_segment(copy_sense::segment_out_of_range, number, fields.block_address);
}

Result<CopySpan, Sense> Planner::span_of(std::size_t number) {
  const BlockToBlockSegment& segment = list_.segments[number];
  auto source = end_of(segment.source_descriptor_id, number, source_fields.descriptor_id);
  if (!source) return failure(source.error());
  auto destination = end_of(segment.destination_descriptor_id, number, destination_fields.descriptor_id);
  if (!destination) return failure(destination.error());
  const bool counts_destination = (segment.header.flags & BlockToBlockSegment::destination_count) != 0;
  const unsigned source_exponent = source->disk->block_size().exponent;
  const unsigned destination_exponent = destination->disk->block_size().exponent;
  const std::uint64_t bytes = std::uint64_t{segment.number_of_blocks}
                              << (counts_destination ? destination_exponent : source_exponent);
  const BlockRange from{LogicalBlockAddress(segment.source_block_address), BlockCount(bytes >> source_exponent)};
  const BlockRange to{LogicalBlockAddress(segment.destination_block_address),
                      BlockCount(bytes >> destination_exponent)};
  if (from.bytes(*source->disk) != bytes || to.bytes(*destination->disk) != bytes) {
    return failure(copy_sense::in_segment(copy_sense::unexpected_inexact_segment, number, at_number_of_blocks));
  }
  if (bytes != 0) {
    if (const auto bad = out_of_reach(*source, from, number, source_fields)) return failure(*bad);
    if (const auto bad = out_of_reach(*destination, to, number, destination_fields)) return failure(*bad);
  }
  CopySpan span{.source = std::move(*source), .destination = std::move(*destination), .bytes = bytes};
  span.source_offset = from.offset(*span.source.disk);
  span.destination_offset = to.offset(*span.destination.disk);
  return span;
}

}  // namespace

Result<std::vector<CopySpan>, Sense> plan_copy(const Command& command, const CopyList& list) {
  Planner planner(command, list);
  std::vector<CopySpan> plan;
  for (std::size_t number = 0; number < list.segments.size(); ++number) {
    auto span = planner.span_of(number);
    if (!span) return failure(span.error());
    plan.push_back(std::move(*span));
  }
  return plan;
}

}  // namespace tgt
