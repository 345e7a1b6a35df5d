// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/big_endian.h"

// The basic header segments of RFC 7143 (11), as they stand on the wire.
namespace tgt::iscsi {

inline constexpr std::size_t header_length = 48;
inline constexpr std::size_t digest_length = 4;
inline constexpr std::uint32_t reserved_tag = 0xffffffff;

// The low six bits of byte 0.
enum class Opcode : std::uint8_t {
  nop_out = 0x00,
  scsi_command = 0x01,
  task_management_request = 0x02,
  login_request = 0x03,
  text_request = 0x04,
  data_out = 0x05,
  logout_request = 0x06,
  snack_request = 0x10,
  nop_in = 0x20,
  scsi_response = 0x21,
  task_management_response = 0x22,
  login_response = 0x23,
  text_response = 0x24,
  data_in = 0x25,
  logout_response = 0x26,
  ready_to_transfer = 0x31,
  asynchronous_message = 0x32,
  reject = 0x3f,
};
inline constexpr std::uint8_t opcode_mask = 0x3f;
inline constexpr std::uint8_t immediate_bit = 0x40;

inline constexpr std::uint8_t final_bit = 0x80;     // F of most PDUs
inline constexpr std::uint8_t continue_bit = 0x40;  // C of text and login

// What every header has in common.
struct BasicHeader {
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 2> specific_short{};
  std::uint8_t total_ahs_length = 0;  // in words of four bytes
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  std::array<std::uint8_t, 28> specific{};

  constexpr Opcode kind() const { return static_cast<Opcode>(opcode & opcode_mask); }
  constexpr bool immediate() const { return (opcode & immediate_bit) != 0; }
};
static_assert(sizeof(BasicHeader) == header_length);

struct ScsiCommandHeader {
  static constexpr std::uint8_t read_bit = 0x40;
  static constexpr std::uint8_t write_bit = 0x20;
  static constexpr std::uint8_t attribute_mask = 0x07;
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 expected_data_transfer_length{};
  be32 cmd_sn{};
  be32 exp_stat_sn{};
  std::array<std::uint8_t, 16> cdb{};
};
static_assert(sizeof(ScsiCommandHeader) == header_length);

// Flags shared by SCSI Response and Data-In.
inline constexpr std::uint8_t residual_overflow_bit = 0x04;
inline constexpr std::uint8_t residual_underflow_bit = 0x02;

struct ScsiResponseHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::scsi_response);
  std::uint8_t flags = final_bit;
  std::uint8_t response = 0;  // 0: the command completed at the target
  std::uint8_t status = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 reserved{};
  be32 initiator_task_tag{};
  be32 snack_tag{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be32 exp_data_sn{};
  be32 bidirectional_read_residual{};
  be32 residual_count{};
};
static_assert(sizeof(ScsiResponseHeader) == header_length);

struct TaskManagementRequestHeader {
  static constexpr std::uint8_t function_mask = 0x7f;
  std::uint8_t opcode = 0;
  std::uint8_t function = 0;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 referenced_task_tag{};
  be32 cmd_sn{};
  be32 exp_stat_sn{};
  be32 ref_cmd_sn{};
  be32 exp_data_sn{};
  be64 reserved_end{};
};
static_assert(sizeof(TaskManagementRequestHeader) == header_length);

struct TaskManagementResponseHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::task_management_response);
  std::uint8_t flags = final_bit;
  std::uint8_t response = 0;
  std::uint8_t reserved = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 additional_response{};  // RFC 7144, 5.2: byte 5 and on; zero for the functions here
  be32 initiator_task_tag{};
  be32 reserved_word{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  std::array<std::uint8_t, 12> reserved_end{};
};
static_assert(sizeof(TaskManagementResponseHeader) == header_length);

struct DataOutHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::data_out);
  std::uint8_t flags = 0;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 target_transfer_tag{};
  be32 reserved_word{};
  be32 exp_stat_sn{};
  be32 reserved_word_2{};
  be32 data_sn{};
  be32 buffer_offset{};
  be32 reserved_end{};
};
static_assert(sizeof(DataOutHeader) == header_length);

struct DataInHeader {
  static constexpr std::uint8_t status_bit = 0x01;
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::data_in);
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;
  std::uint8_t status = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 target_transfer_tag{reserved_tag};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be32 data_sn{};
  be32 buffer_offset{};
  be32 residual_count{};
};
static_assert(sizeof(DataInHeader) == header_length);

struct ReadyToTransferHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::ready_to_transfer);
  std::uint8_t flags = final_bit;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 target_transfer_tag{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be32 r2t_sn{};
  be32 buffer_offset{};
  be32 desired_data_transfer_length{};
};
static_assert(sizeof(ReadyToTransferHeader) == header_length);

enum class AsynchronousEvent : std::uint8_t {
  scsi = 0,
  logout_requested = 1,         // parameter 3: within so many seconds
  connection_dropped = 2,       // parameter 1: which; 2 and 3: Time2Wait, Time2Retain
  all_connections_dropped = 3,  // parameters 2 and 3: Time2Wait, Time2Retain
};

struct AsynchronousMessageHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::asynchronous_message);
  std::uint8_t flags = final_bit;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{reserved_tag};
  be32 reserved_word{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  std::uint8_t async_event = 0;
  std::uint8_t async_vendor_code = 0;
  be16 parameter_1{};
  be16 parameter_2{};
  be16 parameter_3{};
  be32 reserved_end{};
};
static_assert(sizeof(AsynchronousMessageHeader) == header_length);

// NOP-Out and Text Request.
struct TaggedRequestHeader {
  std::uint8_t opcode = 0;
  std::uint8_t flags = 0;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{};
  be32 target_transfer_tag{};
  be32 cmd_sn{};
  be32 exp_stat_sn{};
  std::array<std::uint8_t, 16> reserved_end{};
};
static_assert(sizeof(TaggedRequestHeader) == header_length);

// NOP-In and Text Response.
struct TaggedResponseHeader {
  std::uint8_t opcode = 0;
  std::uint8_t flags = final_bit;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 lun{};
  be32 initiator_task_tag{reserved_tag};
  be32 target_transfer_tag{reserved_tag};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  std::array<std::uint8_t, 12> reserved_end{};
};
static_assert(sizeof(TaggedResponseHeader) == header_length);

enum class LoginStage : std::uint8_t { security_negotiation = 0, operational_negotiation = 1, full_feature = 3 };

// The flags byte of login requests and responses: T C . . CSG CSG NSG NSG.
inline constexpr std::uint8_t transit_bit = 0x80;

struct LoginRequestHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::login_request) | immediate_bit;
  std::uint8_t flags = 0;
  std::uint8_t version_max = 0;
  std::uint8_t version_min = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  std::array<std::uint8_t, 6> isid{};
  be16 tsih{};
  be32 initiator_task_tag{};
  be16 connection_id{};
  be16 reserved{};
  be32 cmd_sn{};
  be32 exp_stat_sn{};
  std::array<std::uint8_t, 16> reserved_end{};
};
static_assert(sizeof(LoginRequestHeader) == header_length);

// Status-Class and Status-Detail of a login response (11.13.5), as one number.
enum class LoginStatus : std::uint16_t {
  success = 0x0000,
  target_moved_temporarily = 0x0101,
  target_moved_permanently = 0x0102,
  initiator_error = 0x0200,
  authentication_failure = 0x0201,
  authorization_failure = 0x0202,
  target_not_found = 0x0203,
  target_removed = 0x0204,
  unsupported_version = 0x0205,
  too_many_connections = 0x0206,
  missing_parameter = 0x0207,
  cannot_include_in_session = 0x0208,
  session_type_not_supported = 0x0209,
  session_does_not_exist = 0x020a,
  invalid_during_login = 0x020b,
  target_error = 0x0300,
  service_unavailable = 0x0301,
  out_of_resources = 0x0302,
};

struct LoginResponseHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::login_response);
  std::uint8_t flags = 0;
  std::uint8_t version_max = 0;
  std::uint8_t version_active = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  std::array<std::uint8_t, 6> isid{};
  be16 tsih{};
  be32 initiator_task_tag{};
  be32 reserved_word{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be16 status{};
  std::array<std::uint8_t, 10> reserved_end{};
};
static_assert(sizeof(LoginResponseHeader) == header_length);

struct LogoutRequestHeader {
  static constexpr std::uint8_t reason_mask = 0x7f;
  static constexpr std::uint8_t close_session = 0;
  static constexpr std::uint8_t close_connection = 1;
  static constexpr std::uint8_t remove_for_recovery = 2;
  std::uint8_t opcode = 0;
  std::uint8_t reason = 0;
  be16 reserved{};
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 reserved_lun{};
  be32 initiator_task_tag{};
  be16 connection_id{};
  be16 reserved_short{};
  be32 cmd_sn{};
  be32 exp_stat_sn{};
  std::array<std::uint8_t, 16> reserved_end{};
};
static_assert(sizeof(LogoutRequestHeader) == header_length);

struct LogoutResponseHeader {
  static constexpr std::uint8_t success = 0;
  static constexpr std::uint8_t connection_not_found = 1;
  static constexpr std::uint8_t recovery_not_supported = 2;
  static constexpr std::uint8_t cleanup_failed = 3;
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::logout_response);
  std::uint8_t flags = final_bit;
  std::uint8_t response = 0;
  std::uint8_t reserved = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 reserved_lun{};
  be32 initiator_task_tag{};
  be32 reserved_word{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be32 reserved_word_2{};
  be16 time2wait{};
  be16 time2retain{};
  be32 reserved_end{};
};
static_assert(sizeof(LogoutResponseHeader) == header_length);

// Why a PDU was refused (11.17.1).
enum class RejectReason : std::uint8_t {
  data_digest_error = 0x02,
  snack_reject = 0x03,
  protocol_error = 0x04,
  command_not_supported = 0x05,
  too_many_immediate_commands = 0x06,
  task_in_progress = 0x07,
  invalid_data_acknowledgement = 0x08,
  invalid_pdu_field = 0x09,
  out_of_resources = 0x0a,
  waiting_for_logout = 0x0c,
};

struct RejectHeader {
  std::uint8_t opcode = static_cast<std::uint8_t>(Opcode::reject);
  std::uint8_t flags = final_bit;
  std::uint8_t reason = 0;
  std::uint8_t reserved = 0;
  std::uint8_t total_ahs_length = 0;
  be24 data_segment_length{};
  be64 reserved_lun{};
  be32 initiator_task_tag{reserved_tag};
  be32 reserved_word{};
  be32 stat_sn{};
  be32 exp_cmd_sn{};
  be32 max_cmd_sn{};
  be32 data_sn{};
  be64 reserved_end{};
};
static_assert(sizeof(RejectHeader) == header_length);

}  // namespace tgt::iscsi
