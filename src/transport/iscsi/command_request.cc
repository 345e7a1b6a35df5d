// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/command_request.h"

#include <array>
#include <cstring>

namespace tgt {
namespace {

using iscsi::RejectReason;

struct AdditionalSegmentHeader {
  be16 length;  // of what follows the type
  std::uint8_t type;
  std::uint8_t reserved;  // counts as the first byte of `length`
};
constexpr std::uint8_t extended_cdb = 1;
constexpr std::uint8_t expected_bidirectional_read_length = 2;

struct AdditionalSegments {
  Bytes extended_cdb{};
  bool bidirectional = false;
};

Result<AdditionalSegments, RejectReason> parse_segments(Bytes bytes) {
  AdditionalSegments segments;
  while (!bytes.empty()) {
    const auto header = read_wire<AdditionalSegmentHeader>(bytes);
    if (!header || header->length == 0) return failure(RejectReason::invalid_pdu_field);
    const std::size_t specific = std::size_t{header->length} - 1;
    const std::size_t whole = sizeof *header + (specific + 3) / 4 * 4;
    if (whole > bytes.size()) return failure(RejectReason::invalid_pdu_field);
    switch (header->type) {
      case extended_cdb:
        segments.extended_cdb = bytes.subspan(sizeof *header, specific);
        break;
      case expected_bidirectional_read_length:
        segments.bidirectional = true;
        break;
      default:
        return failure(RejectReason::invalid_pdu_field);
    }
    bytes = bytes.subspan(whole);
  }
  return segments;
}

std::optional<Cdb> assemble_cdb(const iscsi::ScsiCommandHeader& header, Bytes extension) {
  constexpr std::size_t longest = 2 * Cdb::longest;
  std::array<std::uint8_t, longest> carried{};
  if (extension.size() > carried.size() - header.cdb.size()) return std::nullopt;
  std::memcpy(carried.data(), header.cdb.data(), header.cdb.size());
  if (!extension.empty()) std::memcpy(carried.data() + header.cdb.size(), extension.data(), extension.size());
  return Cdb::from_transport(Bytes(carried).first(header.cdb.size() + extension.size()));
}

}  // namespace

Result<CommandRequest, RejectReason> parse_command(const iscsi::ScsiCommandHeader& header, Bytes additional_header) {
  const auto segments = parse_segments(additional_header);
  if (!segments) return failure(segments.error());
  CommandRequest result;
  const bool reads = (header.flags & iscsi::ScsiCommandHeader::read_bit) != 0;
  result.writes = (header.flags & iscsi::ScsiCommandHeader::write_bit) != 0;
  result.request.lun = header.lun;
  result.request.tag = {header.initiator_task_tag};
  const std::uint32_t expected = header.expected_data_transfer_length;
  result.request.expected_data_in.bytes = reads ? expected : 0;
  result.request.expected_data_out.bytes = result.writes && !reads ? expected : 0;

  const auto attribute = static_cast<std::uint8_t>(header.flags & iscsi::ScsiCommandHeader::attribute_mask);
  const auto cdb = assemble_cdb(header, segments->extended_cdb);
  if (cdb) result.request.cdb = *cdb;
  if (attribute <= static_cast<std::uint8_t>(TaskAttribute::aca)) {
    result.request.attribute = static_cast<TaskAttribute>(attribute);
  } else {
    result.refusal = Sense::invalid_field_in_command_information_unit();
  }
  if (!cdb) result.refusal = Sense::invalid_field_in_command_information_unit();
  // Bidirectional commands are not served by any device here.
  if (segments->bidirectional || (reads && result.writes)) {
    result.refusal = Sense::invalid_field_in_command_information_unit();
  }
  if (result.writes && expected > longest_data_out) {
    result.refusal = Sense::invalid_field_in_command_information_unit();
  }
  return result;
}

}  // namespace tgt
