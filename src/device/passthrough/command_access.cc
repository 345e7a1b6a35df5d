// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/command_access.h"

#include <optional>

#include "scsi/opcodes.h"

namespace tgt {
namespace {

namespace code = operation_code;
namespace action = service_action;

Access of_maintenance_in(const Cdb& cdb) {
  const bool reads = cdb.service_action() == action::report_supported_operation_codes ||
                     cdb.service_action() == action::report_supported_task_management_functions;
  return reads ? Access::read : Access::none;
}

// SPC-6. Nothing: the device type says what the code means.
std::optional<Access> of_common_command(const Cdb& cdb) {
  constexpr Field prevent{4, 1, 2};
  switch (cdb.operation_code()) {
    case code::test_unit_ready:
    case code::request_sense:
    case code::inquiry:
    case code::log_sense:
    case code::report_luns:
      return Access::none;
    case code::mode_sense_6:
    case code::mode_sense_10:
    case code::receive_diagnostic_results:
    case code::read_buffer_10:
    case code::read_attribute:
    case code::security_protocol_in:
      return Access::read;
    case code::prevent_allow_medium_removal:
      return cdb[prevent] == 0 ? Access::none : Access::write;
    default:
      return std::nullopt;
  }
}

Access of_service_action_in(const Cdb& cdb) {
  switch (cdb.service_action()) {
    case action::read_capacity_16:
    case action::report_referrals:
      return Access::none;
    case action::get_lba_status_16:
      return Access::read;
    default:
      return Access::write;
  }
}

Access of_variable_length_command(const Cdb& cdb) {
  constexpr Field service_action_field{8, 7, 16};
  switch (cdb[service_action_field]) {
    case action::read_32:
    case action::verify_32:
    case action::get_lba_status_32:
      return Access::read;
    default:
      return Access::write;
  }
}

// SBC-4: everybody may start it.
Access of_start_stop(const Cdb& cdb) {
  constexpr Field power_condition{4, 7, 4};
  constexpr Field start{4, 0, 1};
  return cdb[start] != 0 && cdb[power_condition] == 0 ? Access::none : Access::write;
}

}  // namespace

Access access_of_other_command(const Cdb& cdb) {
  if (cdb.operation_code() == code::maintenance_in) return of_maintenance_in(cdb);
  return of_common_command(cdb).value_or(Access::write);
}

Access access_of_block_command(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case code::read_capacity_10:
      return Access::none;
    case code::service_action_in_16:
      return of_service_action_in(cdb);
    case code::variable_length:
      return of_variable_length_command(cdb);
    case code::start_stop_unit:
      return of_start_stop(cdb);
    case code::read_6:
    case code::read_10:
    case code::read_12:
    case code::read_16:
    case code::pre_fetch_10:
    case code::pre_fetch_16:
    case code::verify_10:
    case code::verify_12:
    case code::verify_16:
    case code::read_defect_data_10:
    case code::read_defect_data_12:
    case code::read_buffer_16:
    case code::zoned_block_in:
    case code::seek_6:
    case code::seek_10:
      return Access::read;
    default:
      return access_of_other_command(cdb);
  }
}

Access access_of_tape_command(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case code::read_block_limits:
      return Access::none;
    case code::read_6:
    case code::read_16:
    case code::read_reverse_6:
    case code::read_reverse_16:
    case code::read_position:
    case code::report_density_support:
    case code::rewind:
    case code::space_6:
    case code::space_16:
    case code::locate_10:
    case code::locate_16:
    case code::verify_6:
    case code::verify_16:
      return Access::read;
    default:
      return access_of_other_command(cdb);
  }
}

Access access_of_changer_command(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case code::read_element_status:
    case code::read_element_status_attached:
    case code::request_volume_element_address:
      return Access::read;
    default:
      return access_of_other_command(cdb);
  }
}

Access access_of_optical_command(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case code::get_configuration:
    case code::get_event_status_notification:
    case code::read_capacity_10:
      return Access::none;
    case code::read_10:
    case code::read_12:
    case code::read_cd:
    case code::read_cd_msf:
    case code::read_sub_channel:
    case code::read_toc_pma_atip:
    case code::read_header:
    case code::read_disc_information:
    case code::read_track_information:
    case code::read_disc_structure:
    case code::read_format_capacities:
    case code::read_buffer_capacity:
    case code::get_performance:
    case code::mechanism_status:
    case code::report_key:
    case code::verify_10:
      return Access::read;
    default:
      return of_common_command(cdb).value_or(Access::write);
  }
}

}  // namespace tgt
