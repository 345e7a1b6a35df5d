// SPDX-License-Identifier: Apache-2.0
#include "scsi/cdb_row.h"

#include <algorithm>
#include <array>
#include <span>

#include "scsi/opcodes.h"

namespace tgt {
namespace {

using namespace operation_code;
using enum Measure;
using enum TimeoutClass;
constexpr auto none = DataDirection::none;
constexpr auto in = DataDirection::data_in;
constexpr auto out = DataDirection::data_out;
constexpr std::nullopt_t any = std::nullopt;

constexpr Field no_field{0, 7, 8};
// The fields by their bytes: most commands of a length keep their count in the same place.
constexpr Field byte_4{4, 7, 8};
constexpr Field bytes_2_to_4{2, 7, 24};
constexpr Field bytes_3_to_4{3, 7, 16};
constexpr Field bytes_5_to_8{5, 7, 32};
constexpr Field bytes_6_to_8{6, 7, 24};
constexpr Field bytes_6_to_9{6, 7, 32};
constexpr Field bytes_7_to_8{7, 7, 16};
constexpr Field bytes_7_to_9{7, 7, 24};
constexpr Field bytes_8_to_9{8, 7, 16};
constexpr Field bytes_9_to_10{9, 7, 16};
constexpr Field bytes_10_to_13{10, 7, 32};
constexpr Field bytes_12_to_13{12, 7, 16};
constexpr Field bytes_12_to_14{12, 7, 24};
constexpr Field byte_13{13, 7, 8};
constexpr Field bytes_28_to_31{28, 7, 32};

// A command without data, and one whose field counts bytes.
consteval CdbRow bare(DeviceTypes types, std::uint8_t code, TimeoutClass timeout) {
  return {types, code, any, none, no_data, no_field, timeout};
}
consteval CdbRow bytes(DeviceTypes types, std::uint8_t code, DataDirection direction, Field field,
                       TimeoutClass timeout = prompt) {
  return {types, code, any, direction, byte_field, field, timeout};
}
consteval CdbRow blocks(DeviceTypes types, std::uint8_t code, DataDirection direction, Field field) {
  return {types, code, any, direction, block_field, field, transfer};
}
consteval CdbRow verifying(std::uint8_t code, Field field) {
  return {with_blocks, code, any, out, blocks_to_compare, field, transfer};
}
consteval CdbRow tape(std::uint8_t code, DataDirection direction, Field field) {
  return {tape_types, code, any, direction, tape_field, field, transfer};
}
// NOLINTNEXTLINE(readability-function-size): one parameter for each column of the table
consteval CdbRow action(DeviceTypes types, std::uint8_t code, std::uint16_t service_action, DataDirection direction,
                        Measure measure, Field field, TimeoutClass timeout) {
  return {types, code, service_action, direction, measure, field, timeout};
}

// SPC-6, for every device type that does not say otherwise below.
constexpr CdbRow primary_rows[] = {
    bare(all_types, test_unit_ready, prompt),
    bytes(all_types, request_sense, in, byte_4),
    bytes(all_types, inquiry, in, bytes_3_to_4),
    bytes(all_types, mode_select_6, out, byte_4, settle),
    bytes(all_types, reserve_6, out, bytes_3_to_4),
    bare(all_types, release_6, prompt),
    bytes(all_types, copy, out, bytes_2_to_4, third_party_copy),
    bytes(all_types, mode_sense_6, in, byte_4),
    bytes(all_types, receive_diagnostic_results, in, bytes_3_to_4, settle),
    bytes(all_types, send_diagnostic, out, bytes_3_to_4, diagnostic),
    bare(all_types, prevent_allow_medium_removal, prompt),
    bytes(all_types, compare, out, bytes_3_to_4, third_party_copy),
    bytes(all_types, copy_and_verify, out, bytes_3_to_4, third_party_copy),
    bytes(all_types, write_buffer, out, bytes_6_to_8, diagnostic),
    bytes(all_types, read_buffer_10, in, bytes_6_to_8, settle),
    bytes(all_types, change_definition, out, Field{8, 7, 8}, settle),
    bytes(all_types, log_select, out, bytes_7_to_8),
    bytes(all_types, log_sense, in, bytes_7_to_8),
    bytes(all_types, mode_select_10, out, bytes_7_to_8, settle),
    bytes(all_types, reserve_10, out, bytes_7_to_8),
    bytes(all_types, release_10, out, bytes_7_to_8),
    bytes(all_types, mode_sense_10, in, bytes_7_to_8),
    bytes(all_types, persistent_reserve_in, in, bytes_7_to_8),
    bytes(all_types, persistent_reserve_out, out, bytes_5_to_8, settle),
    action(all_types, third_party_copy_out, service_action::copy_operation_abort, none, no_data, no_field, settle),
    bytes(all_types, third_party_copy_out, out, bytes_10_to_13, third_party_copy),
    bytes(all_types, third_party_copy_in, in, bytes_10_to_13),
    {disk_types | other_types, ata_pass_through_16, any, in, ata_pass_through, no_field, settle},
    bytes(all_types, access_control_in, in, bytes_10_to_13),
    bytes(all_types, access_control_out, out, bytes_10_to_13),
    bytes(all_types, read_attribute, in, bytes_10_to_13, transfer),
    bytes(all_types, write_attribute, out, bytes_10_to_13, transfer),
    bytes(all_types, read_buffer_16, in, bytes_10_to_13, settle),
    bytes(all_types, report_luns, in, bytes_6_to_9),
    {disk_types | other_types, ata_pass_through_12, any, in, ata_pass_through, no_field, settle},
    {all_types, security_protocol_in, any, in, security_field, bytes_6_to_9, settle},
    bytes(all_types & ~optical_types, maintenance_in, in, bytes_6_to_9),
    bytes(all_types & ~optical_types, maintenance_out, out, bytes_6_to_9, settle),
    bytes(all_types, service_action_in_12, in, bytes_6_to_9),
    bytes(disk_types, service_action_out_12, out, bytes_6_to_9),
    {all_types & ~changer_types, security_protocol_out, any, out, security_field, bytes_6_to_9, settle},
};

// SBC-4; those that MMC-6 shares say so.
constexpr CdbRow block_rows[] = {
    bare(with_blocks, rezero_unit, settle),
    {with_blocks, format_unit, any, out, unstated, no_field, whole_medium},
    {disk_types, reassign_blocks, any, out, unstated, no_field, diagnostic},
    {with_blocks, read_6, any, in, block_field_0_is_256, byte_4, transfer},
    {with_blocks, write_6, any, out, block_field_0_is_256, byte_4, transfer},
    bare(with_blocks, seek_6, transfer),
    bare(with_blocks | other_types, start_stop_unit, settle),
    bytes(with_blocks, read_format_capacities, in, bytes_7_to_8),
    {with_blocks, read_capacity_10, any, in, fixed_length, no_field, prompt, 8},
    blocks(with_blocks, read_10, in, bytes_7_to_8),
    blocks(with_blocks, write_10, out, bytes_7_to_8),
    bare(with_blocks, seek_10, transfer),
    bare(with_blocks, erase_10, whole_medium),
    blocks(with_blocks, write_and_verify_10, out, bytes_7_to_8),
    verifying(verify_10, bytes_7_to_8),
    bare(disk_types, set_limits_10, prompt),
    bare(disk_types, pre_fetch_10, transfer),
    bare(with_blocks, synchronize_cache_10, settle),
    bare(disk_types, lock_unlock_cache_10, prompt),
    bytes(disk_types, read_defect_data_10, in, bytes_7_to_8, settle),
    bytes(disk_types, read_long_10, in, bytes_7_to_8, transfer),
    bytes(disk_types, write_long_10, out, bytes_7_to_8, transfer),
    {disk_types, write_same_10, any, out, one_block, no_field, whole_medium},
    bytes(disk_types, unmap, out, bytes_7_to_8, settle),
    bytes(disk_types, sanitize, out, bytes_7_to_8, whole_medium),
    blocks(disk_types, read_16, in, bytes_10_to_13),
    {disk_types, compare_and_write, any, out, twice_block_field, byte_13, transfer},
    blocks(disk_types, write_16, out, bytes_10_to_13),
    blocks(disk_types, orwrite_16, out, bytes_10_to_13),
    blocks(disk_types, write_and_verify_16, out, bytes_10_to_13),
    {disk_types, verify_16, any, out, blocks_to_compare, bytes_10_to_13, transfer},
    bare(disk_types, pre_fetch_16, transfer),
    bare(disk_types, synchronize_cache_16, settle),
    bare(disk_types, lock_unlock_cache_16, prompt),
    {disk_types, write_same_16, any, out, one_block_unless_ndob, no_field, whole_medium},
    bare(disk_types, zoned_block_out, settle),
    bytes(disk_types, zoned_block_in, in, bytes_10_to_13, settle),
    blocks(disk_types, write_stream_16, out, bytes_12_to_13),
    blocks(disk_types, write_atomic_16, out, bytes_12_to_13),
    action(all_types, service_action_in_16, service_action::read_long_16, in, byte_field, bytes_12_to_13, transfer),
    bytes(all_types, service_action_in_16, in, bytes_10_to_13),
    action(disk_types, service_action_out_16, service_action::write_long_16, out, byte_field, bytes_12_to_13, transfer),
    // The LBA range descriptors, blocks too, come without protection information, the data after them with it.
    action(disk_types, service_action_out_16, service_action::write_scattered_16, out, unstated, no_field, transfer),
    blocks(with_blocks, read_12, in, bytes_6_to_9),
    blocks(with_blocks, write_12, out, bytes_6_to_9),
    bare(disk_types, erase_12, whole_medium),
    blocks(disk_types, write_and_verify_12, out, bytes_6_to_9),
    verifying(verify_12, bytes_6_to_9),
    bare(disk_types, set_limits_12, prompt),
    bytes(disk_types, read_defect_data_12, in, bytes_6_to_9, settle),
    action(disk_types, variable_length, service_action::read_32, in, block_field, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::verify_32, out, blocks_to_compare, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::write_32, out, block_field, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::write_and_verify_32, out, block_field, bytes_28_to_31,
           transfer),
    action(disk_types, variable_length, service_action::write_same_32, out, one_block_unless_ndob, no_field,
           whole_medium),
    action(disk_types, variable_length, service_action::orwrite_32, out, block_field, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::write_atomic_32, out, block_field, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::write_stream_32, out, block_field, bytes_28_to_31, transfer),
    action(disk_types, variable_length, service_action::write_scattered_32, out, unstated, no_field, transfer),
    action(disk_types, variable_length, service_action::get_lba_status_32, in, byte_field, bytes_28_to_31, prompt),
};

// SSC-5.
constexpr CdbRow tape_rows[] = {
    bare(tape_types, rewind, position),
    bytes(tape_types, format_medium, out, bytes_3_to_4, whole_medium),
    {tape_types, read_block_limits, any, in, fixed_length, no_field, prompt, 6},
    tape(read_6, in, bytes_2_to_4),
    tape(write_6, out, bytes_2_to_4),
    bare(tape_types, set_capacity, position),
    tape(read_reverse_6, in, bytes_2_to_4),
    bare(tape_types, write_filemarks_6, filemarks),
    bare(tape_types, space_6, position),
    {tape_types, verify_6, any, out, tape_field_to_compare, bytes_2_to_4, whole_medium},
    tape(recover_buffered_data, in, bytes_2_to_4),
    bare(tape_types, erase_6, whole_medium),
    bare(tape_types, load_unload, position),
    bare(tape_types, locate_10, position),
    {tape_types, operation_code::read_position, any, in, Measure::read_position, bytes_7_to_8, prompt},
    bytes(tape_types, report_density_support, in, bytes_7_to_8),
    bare(tape_types, write_filemarks_16, filemarks),
    tape(read_reverse_16, in, bytes_12_to_14),
    bare(tape_types, allow_overwrite, prompt),
    tape(read_16, in, bytes_12_to_14),
    tape(write_16, out, bytes_12_to_14),
    {tape_types, verify_16, any, out, tape_field_to_compare, bytes_12_to_14, whole_medium},
    bytes(tape_types, space_16, out, bytes_12_to_13, position),
    bare(tape_types, locate_16, position),
    bare(tape_types, erase_16, whole_medium),
};

// SMC-3.
constexpr CdbRow changer_rows[] = {
    bare(changer_types, initialize_element_status, inventory),
    bare(changer_types, open_close_import_export_element, TimeoutClass::move_medium),
    bare(changer_types, position_to_element, TimeoutClass::move_medium),
    bare(changer_types, initialize_element_status_with_range, inventory),
    bare(changer_types, operation_code::move_medium, TimeoutClass::move_medium),
    bare(changer_types, exchange_medium, TimeoutClass::move_medium),
    bare(changer_types | tape_types, move_medium_attached, TimeoutClass::move_medium),
    bytes(changer_types | tape_types, read_element_status_attached, in, bytes_7_to_9, TimeoutClass::move_medium),
    bytes(changer_types, request_volume_element_address, in, bytes_7_to_9, TimeoutClass::move_medium),
    bytes(changer_types, send_volume_tag, out, bytes_8_to_9, TimeoutClass::move_medium),
    bytes(changer_types, read_element_status, in, bytes_7_to_9, TimeoutClass::move_medium),
};

// MMC-6.
constexpr CdbRow optical_rows[] = {
    bytes(optical_types, read_sub_channel, in, bytes_7_to_8, transfer),
    bytes(optical_types, read_toc_pma_atip, in, bytes_7_to_8, transfer),
    bytes(optical_types, read_header, in, bytes_7_to_8, transfer),
    bare(optical_types, play_audio_10, settle),
    bytes(optical_types, get_configuration, in, bytes_7_to_8),
    bare(optical_types, play_audio_msf, settle),
    bare(optical_types, play_audio_track_index, settle),
    bare(optical_types, play_track_relative_10, settle),
    bytes(optical_types, get_event_status_notification, in, bytes_7_to_8),
    bare(optical_types, pause_resume, settle),
    bare(optical_types, stop_play_scan, settle),
    bytes(optical_types, read_disc_information, in, bytes_7_to_8, transfer),
    bytes(optical_types, read_track_information, in, bytes_7_to_8, transfer),
    bare(optical_types, reserve_track, settle),
    bytes(optical_types, send_opc_information, out, bytes_7_to_8, settle),
    bare(optical_types, repair_track, whole_medium),
    bare(optical_types, close_track_session, whole_medium),
    bytes(optical_types, read_buffer_capacity, in, bytes_7_to_8),
    bytes(optical_types, send_cue_sheet, out, bytes_6_to_8, settle),
    bare(optical_types, blank, whole_medium),
    bytes(optical_types, send_key, out, bytes_8_to_9, settle),
    bytes(optical_types, report_key, in, bytes_8_to_9, settle),
    bare(optical_types, play_audio_12, settle),
    bare(optical_types, load_unload_medium, settle),
    bare(optical_types, set_read_ahead, prompt),
    bare(optical_types, play_track_relative_12, settle),
    {optical_types, get_performance, any, in, performance, bytes_8_to_9, transfer},
    bytes(optical_types, read_disc_structure, in, bytes_8_to_9, transfer),
    bytes(optical_types, set_streaming, out, bytes_9_to_10),
    {optical_types, read_cd_msf, any, in, raw_sectors, no_field, transfer},
    bare(optical_types, scan, settle),
    bare(optical_types, set_cd_speed, settle),
    bare(optical_types, play_cd, settle),
    bytes(optical_types, mechanism_status, in, bytes_8_to_9),
    {optical_types, read_cd, any, in, raw_sectors, bytes_6_to_8, transfer},
    bytes(optical_types, send_disc_structure, out, bytes_8_to_9, settle),
};

constexpr std::size_t row_count = std::size(primary_rows) + std::size(block_rows) + std::size(tape_rows) +
                                  std::size(changer_rows) + std::size(optical_rows);

// All rows in order of operation code; of one code, those with a service action first, so that the first match is the
// closest one.
consteval std::array<CdbRow, row_count> sorted_rows() {
  std::array<CdbRow, row_count> rows{};
  auto end = rows.begin();
  end = std::copy(std::begin(primary_rows), std::end(primary_rows), end);
  end = std::copy(std::begin(block_rows), std::end(block_rows), end);
  end = std::copy(std::begin(tape_rows), std::end(tape_rows), end);
  end = std::copy(std::begin(changer_rows), std::end(changer_rows), end);
  std::copy(std::begin(optical_rows), std::end(optical_rows), end);
  const auto key = [](const CdbRow& row) {
    return row.operation_code * 65537u + (row.service_action ? *row.service_action : 65536u);
  };
  std::sort(rows.begin(), rows.end(), [&](const CdbRow& a, const CdbRow& b) { return key(a) < key(b); });
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (key(rows[i - 1]) == key(rows[i]) && (rows[i - 1].types & rows[i].types) != 0) {
      throw "two rows describe one command of one device type";
    }
  }
  return rows;
}
constexpr auto rows = sorted_rows();

std::uint16_t service_action_of(const Cdb& cdb) {
  if (cdb.operation_code() == variable_length) return static_cast<std::uint16_t>(cdb[Field{8, 7, 16}]);
  return cdb.service_action();
}

}  // namespace

const CdbRow* find_cdb_row(PeripheralDeviceType type, const Cdb& cdb) {
  const DeviceTypes wanted = device_types_of(type);
  const auto range = std::ranges::equal_range(rows, cdb.operation_code(), {}, &CdbRow::operation_code);
  for (const CdbRow& row : range) {
    const bool right_type = (row.types & wanted) != 0;
    if (right_type && (!row.service_action || *row.service_action == service_action_of(cdb))) return &row;
  }
  return nullptr;
}

}  // namespace tgt
