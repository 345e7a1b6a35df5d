// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// Operation codes and service actions by the names of the standards (SPC-6, SBC-4, SSC-5, SMC-3, MMC-6). One code may
// stand for several commands: the peripheral device type decides.
namespace tgt::operation_code {

using Code = std::uint8_t;

// All device types (SPC-6)
inline constexpr Code test_unit_ready = 0x00;
inline constexpr Code request_sense = 0x03;
inline constexpr Code inquiry = 0x12;
inline constexpr Code mode_select_6 = 0x15;
inline constexpr Code reserve_6 = 0x16;
inline constexpr Code release_6 = 0x17;
inline constexpr Code copy = 0x18;
inline constexpr Code mode_sense_6 = 0x1a;
inline constexpr Code receive_diagnostic_results = 0x1c;
inline constexpr Code send_diagnostic = 0x1d;
inline constexpr Code prevent_allow_medium_removal = 0x1e;
inline constexpr Code compare = 0x39;
inline constexpr Code copy_and_verify = 0x3a;
inline constexpr Code write_buffer = 0x3b;
inline constexpr Code read_buffer_10 = 0x3c;
inline constexpr Code change_definition = 0x40;
inline constexpr Code log_select = 0x4c;
inline constexpr Code log_sense = 0x4d;
inline constexpr Code mode_select_10 = 0x55;
inline constexpr Code reserve_10 = 0x56;
inline constexpr Code release_10 = 0x57;
inline constexpr Code mode_sense_10 = 0x5a;
inline constexpr Code persistent_reserve_in = 0x5e;
inline constexpr Code persistent_reserve_out = 0x5f;
inline constexpr Code variable_length = 0x7f;
inline constexpr Code third_party_copy_out = 0x83;
inline constexpr Code third_party_copy_in = 0x84;
inline constexpr Code ata_pass_through_16 = 0x85;
inline constexpr Code access_control_in = 0x86;
inline constexpr Code access_control_out = 0x87;
inline constexpr Code read_attribute = 0x8c;
inline constexpr Code write_attribute = 0x8d;
inline constexpr Code read_buffer_16 = 0x9b;
inline constexpr Code service_action_in_16 = 0x9e;
inline constexpr Code service_action_out_16 = 0x9f;
inline constexpr Code report_luns = 0xa0;
inline constexpr Code ata_pass_through_12 = 0xa1;
inline constexpr Code security_protocol_in = 0xa2;
inline constexpr Code maintenance_in = 0xa3;
inline constexpr Code maintenance_out = 0xa4;
inline constexpr Code service_action_out_12 = 0xa9;
inline constexpr Code service_action_in_12 = 0xab;
inline constexpr Code security_protocol_out = 0xb5;

// Direct access block devices (SBC-4)
inline constexpr Code rezero_unit = 0x01;
inline constexpr Code format_unit = 0x04;
inline constexpr Code reassign_blocks = 0x07;
inline constexpr Code read_6 = 0x08;
inline constexpr Code write_6 = 0x0a;
inline constexpr Code seek_6 = 0x0b;
inline constexpr Code start_stop_unit = 0x1b;
inline constexpr Code read_format_capacities = 0x23;
inline constexpr Code read_capacity_10 = 0x25;
inline constexpr Code read_10 = 0x28;
inline constexpr Code write_10 = 0x2a;
inline constexpr Code seek_10 = 0x2b;
inline constexpr Code erase_10 = 0x2c;
inline constexpr Code write_and_verify_10 = 0x2e;
inline constexpr Code verify_10 = 0x2f;
inline constexpr Code set_limits_10 = 0x33;
inline constexpr Code pre_fetch_10 = 0x34;
inline constexpr Code synchronize_cache_10 = 0x35;
inline constexpr Code lock_unlock_cache_10 = 0x36;
inline constexpr Code read_defect_data_10 = 0x37;
inline constexpr Code read_long_10 = 0x3e;
inline constexpr Code write_long_10 = 0x3f;
inline constexpr Code write_same_10 = 0x41;
inline constexpr Code unmap = 0x42;
inline constexpr Code sanitize = 0x48;
inline constexpr Code read_16 = 0x88;
inline constexpr Code compare_and_write = 0x89;
inline constexpr Code write_16 = 0x8a;
inline constexpr Code orwrite_16 = 0x8b;
inline constexpr Code write_and_verify_16 = 0x8e;
inline constexpr Code verify_16 = 0x8f;
inline constexpr Code pre_fetch_16 = 0x90;
inline constexpr Code synchronize_cache_16 = 0x91;
inline constexpr Code lock_unlock_cache_16 = 0x92;
inline constexpr Code write_same_16 = 0x93;
inline constexpr Code zoned_block_out = 0x94;
inline constexpr Code zoned_block_in = 0x95;
inline constexpr Code write_stream_16 = 0x9a;
inline constexpr Code write_atomic_16 = 0x9c;
inline constexpr Code read_12 = 0xa8;
inline constexpr Code write_12 = 0xaa;
inline constexpr Code erase_12 = 0xac;
inline constexpr Code write_and_verify_12 = 0xae;
inline constexpr Code verify_12 = 0xaf;
inline constexpr Code set_limits_12 = 0xb3;
inline constexpr Code read_defect_data_12 = 0xb7;

// Sequential access devices (SSC-5)
inline constexpr Code rewind = 0x01;
inline constexpr Code format_medium = 0x04;
inline constexpr Code read_block_limits = 0x05;
inline constexpr Code set_capacity = 0x0b;
inline constexpr Code read_reverse_6 = 0x0f;
inline constexpr Code write_filemarks_6 = 0x10;
inline constexpr Code space_6 = 0x11;
inline constexpr Code verify_6 = 0x13;
inline constexpr Code recover_buffered_data = 0x14;
inline constexpr Code erase_6 = 0x19;
inline constexpr Code load_unload = 0x1b;
inline constexpr Code locate_10 = 0x2b;
inline constexpr Code read_position = 0x34;
inline constexpr Code report_density_support = 0x44;
inline constexpr Code write_filemarks_16 = 0x80;
inline constexpr Code read_reverse_16 = 0x81;
inline constexpr Code allow_overwrite = 0x82;
inline constexpr Code space_16 = 0x91;
inline constexpr Code locate_16 = 0x92;
inline constexpr Code erase_16 = 0x93;

// Media changers (SMC-3)
inline constexpr Code initialize_element_status = 0x07;
inline constexpr Code open_close_import_export_element = 0x1b;
inline constexpr Code position_to_element = 0x2b;
inline constexpr Code initialize_element_status_with_range = 0x37;
inline constexpr Code move_medium = 0xa5;
inline constexpr Code exchange_medium = 0xa6;
inline constexpr Code move_medium_attached = 0xa7;
inline constexpr Code read_element_status_attached = 0xb4;
inline constexpr Code request_volume_element_address = 0xb5;
inline constexpr Code send_volume_tag = 0xb6;
inline constexpr Code read_element_status = 0xb8;

// CD, DVD and BD devices (MMC-6, and the audio commands of earlier editions)
inline constexpr Code read_sub_channel = 0x42;
inline constexpr Code read_toc_pma_atip = 0x43;
inline constexpr Code read_header = 0x44;
inline constexpr Code play_audio_10 = 0x45;
inline constexpr Code get_configuration = 0x46;
inline constexpr Code play_audio_msf = 0x47;
inline constexpr Code play_audio_track_index = 0x48;
inline constexpr Code play_track_relative_10 = 0x49;
inline constexpr Code get_event_status_notification = 0x4a;
inline constexpr Code pause_resume = 0x4b;
inline constexpr Code stop_play_scan = 0x4e;
inline constexpr Code read_disc_information = 0x51;
inline constexpr Code read_track_information = 0x52;
inline constexpr Code reserve_track = 0x53;
inline constexpr Code send_opc_information = 0x54;
inline constexpr Code repair_track = 0x58;
inline constexpr Code close_track_session = 0x5b;
inline constexpr Code read_buffer_capacity = 0x5c;
inline constexpr Code send_cue_sheet = 0x5d;
inline constexpr Code blank = 0xa1;
inline constexpr Code send_key = 0xa3;
inline constexpr Code report_key = 0xa4;
inline constexpr Code play_audio_12 = 0xa5;
inline constexpr Code load_unload_medium = 0xa6;
inline constexpr Code set_read_ahead = 0xa7;
inline constexpr Code play_track_relative_12 = 0xa9;
inline constexpr Code get_performance = 0xac;
inline constexpr Code read_disc_structure = 0xad;
inline constexpr Code set_streaming = 0xb6;
inline constexpr Code read_cd_msf = 0xb9;
inline constexpr Code scan = 0xba;
inline constexpr Code set_cd_speed = 0xbb;
inline constexpr Code play_cd = 0xbc;
inline constexpr Code mechanism_status = 0xbd;
inline constexpr Code read_cd = 0xbe;
inline constexpr Code send_disc_structure = 0xbf;

}  // namespace tgt::operation_code

namespace tgt::service_action {

using Action = std::uint16_t;

// MAINTENANCE IN and OUT (SPC-6)
inline constexpr Action report_identifying_information = 0x05;
inline constexpr Action report_target_port_groups = 0x0a;
inline constexpr Action report_aliases = 0x0b;
inline constexpr Action report_supported_operation_codes = 0x0c;
inline constexpr Action report_supported_task_management_functions = 0x0d;
inline constexpr Action report_priority = 0x0e;
inline constexpr Action report_timestamp = 0x0f;
inline constexpr Action set_identifying_information = 0x06;
inline constexpr Action set_target_port_groups = 0x0a;
inline constexpr Action change_aliases = 0x0b;
inline constexpr Action set_priority = 0x0e;
inline constexpr Action set_timestamp = 0x0f;

// SERVICE ACTION IN(16) and OUT(16) (SBC-4)
inline constexpr Action read_capacity_16 = 0x10;
inline constexpr Action read_long_16 = 0x11;
inline constexpr Action get_lba_status_16 = 0x12;
inline constexpr Action report_referrals = 0x13;
inline constexpr Action write_long_16 = 0x11;
inline constexpr Action write_scattered_16 = 0x12;

// SANITIZE (SBC-4)
inline constexpr Action sanitize_overwrite = 0x01;
inline constexpr Action sanitize_block_erase = 0x02;
inline constexpr Action sanitize_cryptographic_erase = 0x03;
inline constexpr Action sanitize_exit_failure_mode = 0x1f;

// Third-party copy (SPC-6)
inline constexpr Action extended_copy_lid1 = 0x00;
inline constexpr Action extended_copy_lid4 = 0x01;
inline constexpr Action populate_token = 0x10;
inline constexpr Action write_using_token = 0x11;
inline constexpr Action copy_operation_abort = 0x1c;
inline constexpr Action receive_copy_status_lid1 = 0x00;
inline constexpr Action receive_copy_data_lid1 = 0x01;
inline constexpr Action receive_copy_operating_parameters = 0x03;
inline constexpr Action receive_copy_failure_details_lid1 = 0x04;
inline constexpr Action receive_rod_token_information = 0x07;

// READ POSITION (SSC-5)
inline constexpr Action read_position_short_form = 0x00;
inline constexpr Action read_position_short_form_vendor = 0x01;
inline constexpr Action read_position_long_form = 0x06;
inline constexpr Action read_position_extended_form = 0x08;

// Variable length CDBs of block devices (SBC-4)
inline constexpr Action read_32 = 0x0009;
inline constexpr Action verify_32 = 0x000a;
inline constexpr Action write_32 = 0x000b;
inline constexpr Action write_and_verify_32 = 0x000c;
inline constexpr Action write_same_32 = 0x000d;
inline constexpr Action orwrite_32 = 0x000e;
inline constexpr Action write_atomic_32 = 0x000f;
inline constexpr Action write_stream_32 = 0x0010;
inline constexpr Action write_scattered_32 = 0x0011;
inline constexpr Action get_lba_status_32 = 0x0012;

// PERSISTENT RESERVE OUT (SPC-6); the others are PersistentReserveOutAction.
inline constexpr Action replace_lost_reservation = 0x08;

}  // namespace tgt::service_action
