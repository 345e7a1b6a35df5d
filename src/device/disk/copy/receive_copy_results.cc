// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/receive_copy_results.h"

#include <algorithm>

#include "device/disk/copy/copy_limits.h"
#include "device/disk/copy/copy_list.h"
#include "device/disk/copy/third_party_copies.h"

namespace tgt {
namespace {

using namespace third_party_copy;

constexpr std::size_t room = 512;

std::optional<CopyOperations::Operation> extended_copy_of(Disk& disk, const Command& command) {
  const auto identifier = static_cast<std::uint32_t>(command[ReceiveCopyResults::list_identifier]);
  auto operation = disk.third_party_copies().operations.find(command.itl(), identifier);
  if (operation && operation->kind != CopyOperations::Kind::extended_copy) return std::nullopt;
  return operation;
}

Reply no_such_copy() {
  return Reply::check_condition(Sense::invalid_field_in_cdb(ReceiveCopyResults::list_identifier));
}

CopyStatus status_of(const CopyOperations::Operation& operation) {
  if (operation.running) return CopyStatus::in_progress;
  return operation.status == Status::good ? CopyStatus::without_errors : CopyStatus::with_errors;
}

}  // namespace

Reply ReceiveCopyStatus::run(Disk& disk, Command& command) {
  const auto operation = extended_copy_of(disk, command);
  if (!operation) return no_such_copy();
  // TRANSFER COUNT has 32 bits: mebibytes when bytes and kibibytes do not fit.
  constexpr std::uint64_t most = 0xffffffff;
  std::uint8_t units = units_of_bytes;
  std::uint64_t count = operation->bytes_moved;
  for (; count > most; count >>= 10) ++units;
  return parameter_data(command, room, [&](ParameterWriter& writer) {
    writer.append(CopyStatusData{.status = static_cast<std::uint8_t>(status_of(*operation)),
                                 .segments_processed = operation->segments_processed,
                                 .transfer_count_units = units,
                                 .transfer_count = static_cast<std::uint32_t>(count)});
  });
}

Reply ReceiveCopyData::run(Disk&, Command&) { return no_such_copy(); }

Reply ReceiveCopyOperatingParameters::run(Disk&, Command& command) {
  return parameter_data(command, room, [](ParameterWriter& writer) {
    OperatingParameters parameters;
    parameters.available_data =
        static_cast<std::uint32_t>(sizeof parameters + copy_limits::descriptor_types.size() - sizeof(be32));
    parameters.maximum_cscd_descriptor_count = CopyList::most_cscds;
    parameters.maximum_segment_descriptor_count = CopyList::most_segments;
    parameters.maximum_descriptor_list_length = CopyList::longest_descriptors;
    parameters.maximum_segment_length = copy_limits::longest_segment;
    parameters.total_concurrent_copies = std::uint16_t{CopyOperations::most_running};
    parameters.maximum_concurrent_copies = std::uint8_t{CopyOperations::most_running};
    parameters.data_segment_granularity = copy_limits::granularity;
    parameters.implemented_descriptor_list_length = copy_limits::descriptor_types.size();
    writer.append(parameters);
    writer.append(Bytes(copy_limits::descriptor_types));
  });
}

Reply ReceiveCopyFailureDetails::run(Disk& disk, Command& command) {
  const auto operation = extended_copy_of(disk, command);
  const bool failed = operation && !operation->running && operation->status != Status::good;
  if (!failed) return no_such_copy();
  SenseData sense;
  if (operation->sense) sense = SenseData::encode(*operation->sense, disk.sense_format());
  return parameter_data(command, room, [&](ParameterWriter& writer) {
    FailureDetails details;
    details.available_data = static_cast<std::uint32_t>(sizeof details + sense.bytes().size() - sizeof(be32));
    details.extended_copy_command_status = static_cast<std::uint8_t>(operation->status);
    details.sense_data_length = static_cast<std::uint16_t>(sense.bytes().size());
    writer.append(details);
    writer.append(sense.bytes());
  });
}

}  // namespace tgt
