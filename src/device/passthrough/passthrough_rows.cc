// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_rows.h"

#include <algorithm>
#include <array>

#include "core/report_target_port_groups.h"
#include "core/request_sense.h"
#include "core/reservations/commands.h"
#include "core/set_target_port_groups.h"
#include "device/passthrough/command_access.h"
#include "device/passthrough/inquiry.h"
#include "device/passthrough/limits.h"
#include "device/passthrough/medium_removal.h"
#include "device/passthrough/mode_sense.h"
#include "device/passthrough/passthrough_device.h"
#include "device/passthrough/request_sense.h"
#include "device/passthrough/supported_commands.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

// "28h": a passed-through command has no other name here, because its code may mean anything to its device.
struct CodeName {
  std::array<char, 3> text{};
  constexpr std::string_view view() const { return {text.data(), text.size()}; }
};

consteval std::array<CodeName, 256> make_names() {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::array<CodeName, 256> names{};
  for (std::size_t code = 0; code < names.size(); ++code) {
    names[code].text = {digits[code / 16], digits[code % 16], 'h'};
  }
  return names;
}
constexpr std::array<CodeName, 256> code_names = make_names();

template <auto Handler>
Task<Reply> handle(DeviceServer& device, Command& command) {
  return Handler(static_cast<PassthroughDevice&>(device), command);
}

Task<Reply> forward(DeviceServer& device, Command& command) {
  return static_cast<PassthroughDevice&>(device).forward(command);
}

// What does not touch the medium may run beside what does, even where everything else goes one by one.
constexpr bool is_independent(std::size_t code) {
  return code == operation_code::inquiry || code == operation_code::request_sense;
}

consteval std::array<CommandTraits, 256> make_forward_rows(AccessRule access, Overlap overlap) {
  std::array<CommandTraits, 256> rows{};
  for (std::size_t code = 0; code < rows.size(); ++code) {
    rows[code].name = code_names[code].view();
    rows[code].operation_code = static_cast<std::uint8_t>(code);
    rows[code].access = Access::write;
    rows[code].decide_access = access;
    rows[code].overlap = is_independent(code) ? Overlap::shared : overlap;
    rows[code].deferred = forward;
    const bool mode_sense = code == operation_code::mode_sense_6 || code == operation_code::mode_sense_10;
    if (mode_sense) rows[code].deferred = handle<pass_mode_sense>;
    if (code == operation_code::request_sense) rows[code].deferred = handle<pass_request_sense>;
  }
  return rows;
}
constexpr auto block_rows = make_forward_rows(access_of_block_command, Overlap::shared);
constexpr auto optical_rows = make_forward_rows(access_of_optical_command, Overlap::shared);
constexpr auto other_rows = make_forward_rows(access_of_other_command, Overlap::shared);
// In order of arrival, each after the one before it, its data included.
constexpr auto tape_rows = make_forward_rows(access_of_tape_command, Overlap::sequential);
constexpr auto changer_rows = make_forward_rows(access_of_changer_command, Overlap::sequential);

const std::array<CommandTraits, 256>& forward_rows(const DeviceFacts& facts) {
  if (facts.is_disk()) return block_rows;
  switch (facts.type) {
    case PeripheralDeviceType::tape:
      return tape_rows;
    case PeripheralDeviceType::medium_changer:
      return changer_rows;
    case PeripheralDeviceType::optical:
      return optical_rows;
    default:
      return other_rows;
  }
}

constexpr auto own_rows =
    command_set_with_reservations<PassthroughDevice, ReportTargetPortGroups, SetTargetPortGroups>();
// For optical drives the codes of maintenance are SEND KEY and REPORT KEY.
constexpr auto own_rows_of_optical_drives = command_set_with_reservations<PassthroughDevice>();

constexpr CommandTraits inquiry_row{.name = "INQUIRY",
                                    .operation_code = operation_code::inquiry,
                                    .cdb_length = 6,
                                    .before_unit_attention = true,
                                    .allocation_length = Field{3, 7, 16},
                                    .deferred = handle<pass_inquiry>};
// An initiator that looks for devices while another one erases a tape must not find the drive dead: it would end by
// resetting it.
constexpr CommandTraits known_inquiry_row{.name = "INQUIRY",
                                          .operation_code = operation_code::inquiry,
                                          .cdb_length = 6,
                                          .overlap = Overlap::independent,
                                          .before_unit_attention = true,
                                          .allocation_length = Field{3, 7, 16},
                                          .immediate = [](DeviceServer& device, Command& command) -> Reply {
                                            return answer_known_inquiry(static_cast<PassthroughDevice&>(device),
                                                                        command);
                                          }};
consteval CommandTraits make_no_sense_row() {
  CommandTraits row = describe<RequestSense, PassthroughDevice>();
  row.overlap = Overlap::independent;
  return row;
}
constexpr CommandTraits no_sense_row = make_no_sense_row();
constexpr CommandTraits prevent_row{.name = "PREVENT ALLOW MEDIUM REMOVAL",
                                    .operation_code = operation_code::prevent_allow_medium_removal,
                                    .cdb_length = 6,
                                    .access = Access::write,
                                    .decide_access = access_of_other_command,
                                    .overlap = Overlap::sequential,
                                    .deferred = handle<pass_prevent_allow_medium_removal>};
constexpr CommandTraits block_limits_row{.name = "READ BLOCK LIMITS",
                                         .operation_code = operation_code::read_block_limits,
                                         .cdb_length = 6,
                                         .overlap = Overlap::sequential,
                                         .deferred = handle<pass_read_block_limits>};
constexpr CommandTraits supported_codes_row{.name = "REPORT SUPPORTED OPERATION CODES",
                                            .operation_code = operation_code::maintenance_in,
                                            .service_action = service_action::report_supported_operation_codes,
                                            .cdb_length = 12,
                                            .access = Access::read,
                                            .allocation_length = Field{6, 7, 32},
                                            .deferred = handle<pass_report_supported_operation_codes>};
constexpr CommandTraits supported_functions_row{
    .name = "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
    .operation_code = operation_code::maintenance_in,
    .service_action = service_action::report_supported_task_management_functions,
    .cdb_length = 12,
    .access = Access::read,
    .allocation_length = Field{6, 7, 32},
    .deferred = handle<answer_report_supported_task_management_functions>};

}  // namespace

CommandTable own_commands(PeripheralDeviceType type) {
  if (type == PeripheralDeviceType::optical) return own_rows_of_optical_drives;
  return own_rows;
}

bool is_own_command(PeripheralDeviceType type, std::uint8_t operation_code, std::uint16_t service_action) {
  return std::ranges::any_of(own_commands(type).of(operation_code), [&](const CommandTraits& row) {
    const bool one_of_many =
        operation_code == operation_code::maintenance_in || operation_code == operation_code::maintenance_out;
    return !one_of_many || row.service_action == service_action;
  });
}

const CommandTraits& passthrough_row(const DeviceFacts& facts, const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case operation_code::inquiry:
      return inquiry_row;
    case operation_code::prevent_allow_medium_removal:
      return prevent_row;
    case operation_code::read_block_limits:
      if (facts.is_tape()) return block_limits_row;
      break;
    case operation_code::maintenance_in:
      if (facts.type == PeripheralDeviceType::optical) break;  // SEND KEY
      if (cdb.service_action() == service_action::report_supported_operation_codes) return supported_codes_row;
      if (cdb.service_action() == service_action::report_supported_task_management_functions) {
        return supported_functions_row;
      }
      break;
    default:
      break;
  }
  return forward_rows(facts)[cdb.operation_code()];
}

const CommandTraits* row_while_occupied(const DeviceFacts& facts, const Cdb& cdb) {
  if (cdb.operation_code() == operation_code::request_sense) return &no_sense_row;
  const bool known = cdb.operation_code() == operation_code::inquiry && is_known_inquiry(facts, cdb);
  return known ? &known_inquiry_row : nullptr;
}

}  // namespace tgt
