// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/refused_commands.h"

#include "scsi/opcodes.h"

namespace tgt {
namespace {

// MAINTENANCE IN and OUT: aliases and priorities belong to nexuses.
bool is_refused_maintenance(std::uint16_t action) {
  return action == service_action::report_aliases || action == service_action::report_priority;
}
static_assert(service_action::report_aliases == service_action::change_aliases &&
              service_action::report_priority == service_action::set_priority);

}  // namespace

bool is_refused(PeripheralDeviceType type, std::uint8_t code, std::uint16_t action) {
  switch (code) {
    // Copies: the device would use its own way to the other logical unit.
    case operation_code::copy:
    case operation_code::compare:
    case operation_code::copy_and_verify:
    case operation_code::third_party_copy_out:
    case operation_code::third_party_copy_in:
    // Access control goes by initiator.
    case operation_code::access_control_in:
    case operation_code::access_control_out:
    // The task router's: the device's own list names units that our initiators cannot reach.
    case operation_code::report_luns:
      return true;
    case operation_code::maintenance_in:
    case operation_code::maintenance_out:
      // For an optical drive these are SEND KEY and REPORT KEY.
      return type != PeripheralDeviceType::optical && is_refused_maintenance(action);
    default:
      return false;
  }
}

std::optional<Sense> refusal_of(PeripheralDeviceType type, const Cdb& cdb) {
  constexpr std::uint8_t naca = 0x04;
  if ((cdb.control() & naca) != 0) {
    const auto control = cdb.operation_code() == operation_code::variable_length ? std::size_t{1} : cdb.length() - 1;
    return Sense::invalid_field_in_cdb(Field{static_cast<std::uint16_t>(control), 2, 1});
  }
  if (!is_refused(type, cdb.operation_code(), cdb.service_action())) return std::nullopt;
  const bool one_action_of_many =
      cdb.operation_code() == operation_code::maintenance_in || cdb.operation_code() == operation_code::maintenance_out;
  return one_action_of_many ? Sense::invalid_field_in_cdb(Field{1, 4, 5}) : Sense::invalid_operation_code();
}

}  // namespace tgt
