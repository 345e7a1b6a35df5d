// SPDX-License-Identifier: Apache-2.0
#include "device/primary/report_supported_operation_codes.h"

#include <algorithm>

#include "scsi/report_supported.h"

namespace tgt {
namespace {

using namespace report_supported;
using Rsoc = ReportSupportedOperationCodes;

enum class ReportingOptions : std::uint8_t {
  all_commands = 0,
  operation_code = 1,                     // one that has no service actions
  operation_code_and_service_action = 2,  // one that has
  either = 3,
};

TimeoutsDescriptor timeouts_of(const CommandTraits& row) {
  return {.nominal_command_processing_timeout = row.timeout_seconds,
          .recommended_command_timeout = row.timeout_seconds};
}

Reply all_commands(const CommandTable& table, Command& command) {
  const bool timeouts = command[Rsoc::return_timeouts] != 0;
  const std::size_t each = sizeof(CommandDescriptor) + (timeouts ? sizeof(TimeoutsDescriptor) : 0);
  const std::size_t length = table.rows().size() * each;
  return parameter_data(command, sizeof(AllCommandsHeader) + length, [&](ParameterWriter& writer) {
    writer.append(AllCommandsHeader{static_cast<std::uint32_t>(length)});
    Rsoc::append_descriptors(table, timeouts, writer);
  });
}

// The row asked for, null when it is not supported, or why the question is wrong.
Result<const CommandTraits*, Sense> find_row(const CommandTable& table, const Command& command) {
  const auto options = static_cast<ReportingOptions>(command[Rsoc::reporting_options]);
  const auto rows = table.of(static_cast<std::uint8_t>(command[Rsoc::requested_operation_code]));
  if (rows.empty()) return nullptr;
  const bool has_service_actions = rows.front().service_action.has_value();
  switch (options) {
    case ReportingOptions::operation_code:
      if (has_service_actions) return failure(Sense::invalid_field_in_cdb(Rsoc::requested_operation_code));
      return &rows.front();
    case ReportingOptions::operation_code_and_service_action:
      if (!has_service_actions) return failure(Sense::invalid_field_in_cdb(Rsoc::requested_operation_code));
      break;
    case ReportingOptions::all_commands:
    case ReportingOptions::either:
      break;
  }
  const auto action = static_cast<std::uint16_t>(command[Rsoc::requested_service_action]);
  const auto found =
      std::ranges::find_if(rows, [&](const CommandTraits& row) { return row.service_action.value_or(0) == action; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

void ReportSupportedOperationCodes::append_descriptors(const CommandTable& table, bool with_timeouts,
                                                       ParameterWriter& writer) {
  for (const CommandTraits& row : table.rows()) {
    CommandDescriptor descriptor{.operation_code = row.operation_code, .cdb_length = row.cdb_length};
    if (row.service_action) {
      descriptor.service_action = *row.service_action;
      descriptor.flags |= CommandDescriptor::service_action_valid;
    }
    if (with_timeouts) descriptor.flags |= CommandDescriptor::timeouts_descriptor_present;
    writer.append(descriptor);
    if (with_timeouts) writer.append(timeouts_of(row));
  }
}

Reply ReportSupportedOperationCodes::one_command(const CommandTable& table, Command& command) {
  const auto row = find_row(table, command);
  if (!row) return Reply::check_condition(row.error());
  const CommandTraits* found = *row;
  const bool timeouts = found != nullptr && command[Rsoc::return_timeouts] != 0;
  constexpr std::size_t most = sizeof(OneCommandHeader) + sizeof(UsageMap) + sizeof(TimeoutsDescriptor);
  return parameter_data(command, most, [&](ParameterWriter& writer) {
    OneCommandHeader header{.support = OneCommandHeader::not_supported};
    if (found != nullptr) {
      header.support = OneCommandHeader::supported;
      header.cdb_size = found->cdb_length;
    }
    if (timeouts) header.support |= OneCommandHeader::timeouts_descriptor_present;
    writer.append(header);
    if (found != nullptr) writer.append(Bytes(found->usage).first(found->cdb_length));
    if (timeouts) writer.append(timeouts_of(*found));
  });
}

Reply ReportSupportedOperationCodes::run(PrimaryDevice& device, Command& command) {
  const std::uint64_t options = command[reporting_options];
  if (options > static_cast<std::uint64_t>(ReportingOptions::either)) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(reporting_options));
  }
  if (options == 0) return all_commands(device.commands(), command);
  return one_command(device.commands(), command);
}

}  // namespace tgt
