// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/supported_commands.h"

#include <algorithm>

#include "device/passthrough/own_commands.h"
#include "device/passthrough/passthrough_rows.h"
#include "device/passthrough/refused_commands.h"
#include "device/primary/report_supported_operation_codes.h"
#include "scsi/opcodes.h"
#include "scsi/report_supported.h"

namespace tgt {
namespace {

using namespace report_supported;

constexpr Field return_timeouts{2, 7, 1};
constexpr Field reporting_options{2, 2, 3};
constexpr Field requested_operation_code{3, 7, 8};
constexpr Field requested_service_action{4, 7, 16};
constexpr Field return_extended_data{2, 7, 1};
constexpr std::uint64_t all_commands = 0;
constexpr std::uint64_t known_options = 3;

template <class T>
Reply reply_with(Command& command, const T& value) {
  auto buffer = command.allocate_data_in(sizeof value);
  if (!buffer) return Reply::check_condition(buffer.error());
  copy_bytes(bytes_of(value), buffer->first(sizeof value));
  return Reply::data_in(std::move(*buffer), sizeof value);
}

std::size_t length_of_first(Bytes data, const CommandDescriptor& descriptor) {
  std::size_t length = sizeof descriptor;
  if ((descriptor.flags & CommandDescriptor::timeouts_descriptor_present) != 0) length += sizeof(TimeoutsDescriptor);
  return std::min(length, data.size());
}

bool is_removed(PeripheralDeviceType type, const CommandDescriptor& descriptor) {
  if (is_own_command(type, descriptor.operation_code, descriptor.service_action)) return true;
  return is_refused(type, descriptor.operation_code, descriptor.service_action) &&
         descriptor.operation_code != operation_code::report_luns;
}

// Returns the new length.
std::size_t remove_commands(PeripheralDeviceType type, MutableBytes data) {
  const auto header = read_wire<AllCommandsHeader>(data);
  if (!header) return data.size();
  const std::size_t end = std::min<std::size_t>(data.size(), sizeof *header + std::size_t{header->command_data_length});
  std::size_t from = sizeof *header;
  std::size_t to = from;
  while (const auto descriptor = read_wire<CommandDescriptor>(Bytes(data).subspan(from, end - from))) {
    const Bytes one = Bytes(data).subspan(from, length_of_first(Bytes(data).subspan(from, end - from), *descriptor));
    from += one.size();
    if (is_removed(type, *descriptor)) continue;
    to += copy_bytes(one, data.subspan(to));
  }
  return to;
}

}  // namespace

std::size_t correct_supported_commands(PeripheralDeviceType type, bool with_timeouts, MutableBytes data,
                                       std::size_t length) {
  if (length < sizeof(AllCommandsHeader)) return length;
  std::size_t end = remove_commands(type, data.first(length));
  ParameterWriter ours(data.subspan(end));
  ReportSupportedOperationCodes::append_descriptors(own_commands(type), with_timeouts, ours);
  if (!ours.overflowed()) end += ours.length();
  copy_bytes(bytes_of(AllCommandsHeader{static_cast<std::uint32_t>(end - sizeof(AllCommandsHeader))}), data);
  return end;
}

Task<Reply> pass_report_supported_operation_codes(PassthroughDevice& device, Command& command) {
  const PeripheralDeviceType type = device.facts().type;
  if (command[reporting_options] != all_commands) {
    const auto code = static_cast<std::uint8_t>(command[requested_operation_code]);
    const auto action = static_cast<std::uint16_t>(command[requested_service_action]);
    if (command[reporting_options] <= known_options && is_own_command(type, code, action)) {
      co_return ReportSupportedOperationCodes::one_command(own_commands(type), command);
    }
    if (!is_refused(type, code, action)) co_return co_await device.forward(command);
    co_return reply_with(command, OneCommandHeader{.support = OneCommandHeader::not_supported});
  }
  // The whole list, whatever the initiator has room for: its length tells how much there is.
  constexpr std::uint32_t room = 16 * 1024;
  auto answer = co_await device.ask(
      command, own_command::report_supported_operation_codes(command[return_timeouts] != 0, room), room);
  if (answer.reply) co_return std::move(*answer.reply);
  const std::size_t length =
      correct_supported_commands(type, command[return_timeouts] != 0, answer.data.first(room), answer.length);
  co_return Reply::data_in(std::move(answer.data), length);
}

Task<Reply> answer_report_supported_task_management_functions(PassthroughDevice&, Command& command) {
  using Functions = TaskManagementFunctions;
  ExtendedTaskManagementFunctions data;
  data.functions.first = Functions::abort_task | Functions::abort_task_set | Functions::clear_task_set |
                         Functions::logical_unit_reset | Functions::query_task | Functions::target_reset;
  data.functions.second = Functions::query_task_set | Functions::i_t_nexus_reset | Functions::query_asynchronous_event;
  if (command[return_extended_data] != 0) co_return reply_with(command, data);
  data.functions.additional_length = 0;
  co_return reply_with(command, data.functions);
}

}  // namespace tgt
