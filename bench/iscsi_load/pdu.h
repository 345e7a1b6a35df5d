// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "iscsi_load/big_endian.h"

// The basic header segments of RFC 7143, clause 11, that a load needs. They are written here a second time on
// purpose: a measuring tool that shared the server's structures would share its mistakes.
namespace tgt::bench {

enum class Opcode : std::uint8_t {
  nop_out = 0x00,
  scsi_command = 0x01,
  login_request = 0x03,
  data_out = 0x05,
  logout_request = 0x06,
  nop_in = 0x20,
  scsi_response = 0x21,
  login_response = 0x23,
  data_in = 0x25,
  logout_response = 0x26,
  ready_to_transfer = 0x31,
  async_message = 0x32,
  reject = 0x3f,
};

inline constexpr std::uint8_t immediate_delivery = 0x40;  // the I bit of the opcode byte
inline constexpr std::uint8_t final_pdu = 0x80;           // F
inline constexpr std::uint8_t command_read = 0x40;        // R of a SCSI Command
inline constexpr std::uint8_t command_write = 0x20;       // W
inline constexpr std::uint8_t attribute_simple = 0x01;
inline constexpr std::uint8_t residual_overflow = 0x04;
inline constexpr std::uint8_t residual_underflow = 0x02;
inline constexpr std::uint8_t data_in_status = 0x01;  // S: this Data-In also carries the status
inline constexpr std::uint32_t no_tag = 0xffff'ffff;

inline constexpr std::uint8_t status_good = 0x00;
inline constexpr std::uint8_t status_check_condition = 0x02;

using LunField = std::array<std::uint8_t, 8>;

constexpr std::uint8_t opcode_byte(Opcode opcode) { return static_cast<std::uint8_t>(opcode); }
constexpr std::uint32_t padding_of(std::uint32_t length) { return (4 - (length & 3)) & 3; }

struct BasicHeader {
  std::uint8_t first = 0;
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 2> specific{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  std::array<std::uint8_t, 28> rest{};

  [[nodiscard]] constexpr Opcode opcode() const { return static_cast<Opcode>(first & 0x3f); }
};

struct ScsiCommand {
  std::uint8_t first = opcode_byte(Opcode::scsi_command);
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  Be32 expected_data_transfer_length;
  Be32 command_sn;
  Be32 expected_stat_sn;
  std::array<std::uint8_t, 16> cdb{};
};

struct ScsiResponse {
  std::uint8_t first = opcode_byte(Opcode::scsi_response);
  std::uint8_t flags = 0;
  std::uint8_t response = 0;
  std::uint8_t status = 0;
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  std::array<std::uint8_t, 8> reserved{};
  Be32 initiator_task_tag;
  Be32 snack_tag;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  Be32 expected_data_sn;
  Be32 bidirectional_read_residual_count;
  Be32 residual_count;
};

struct DataIn {
  std::uint8_t first = opcode_byte(Opcode::data_in);
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;
  std::uint8_t status = 0;
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  Be32 target_transfer_tag;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  Be32 data_sn;
  Be32 buffer_offset;
  Be32 residual_count;
};

struct DataOut {
  std::uint8_t first = opcode_byte(Opcode::data_out);
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  Be32 target_transfer_tag;
  Be32 reserved_24;
  Be32 expected_stat_sn;
  Be32 reserved_32;
  Be32 data_sn;
  Be32 buffer_offset;
  Be32 reserved_44;
};

struct ReadyToTransfer {
  std::uint8_t first = opcode_byte(Opcode::ready_to_transfer);
  std::uint8_t flags = final_pdu;
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  Be32 target_transfer_tag;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  Be32 r2t_sn;
  Be32 buffer_offset;
  Be32 desired_data_transfer_length;
};

struct NopOut {
  std::uint8_t first = opcode_byte(Opcode::nop_out) | immediate_delivery;
  std::uint8_t flags = final_pdu;
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag{no_tag};
  Be32 target_transfer_tag;
  Be32 command_sn;
  Be32 expected_stat_sn;
  std::array<std::uint8_t, 16> reserved_32{};
};

struct NopIn {
  std::uint8_t first = opcode_byte(Opcode::nop_in);
  std::uint8_t flags = final_pdu;
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  LunField lun{};
  Be32 initiator_task_tag;
  Be32 target_transfer_tag;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  std::array<std::uint8_t, 12> reserved_36{};
};

struct LoginRequest {
  std::uint8_t first = opcode_byte(Opcode::login_request) | immediate_delivery;
  std::uint8_t flags = 0;
  std::uint8_t version_max = 0;
  std::uint8_t version_min = 0;
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  std::array<std::uint8_t, 6> isid{};
  Be16 tsih;
  Be32 initiator_task_tag;
  Be16 connection_id;
  Be16 reserved_22;
  Be32 command_sn;
  Be32 expected_stat_sn;
  std::array<std::uint8_t, 16> reserved_32{};
};

struct LoginResponse {
  std::uint8_t first = opcode_byte(Opcode::login_response);
  std::uint8_t flags = 0;
  std::uint8_t version_max = 0;
  std::uint8_t version_active = 0;
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  std::array<std::uint8_t, 6> isid{};
  Be16 tsih;
  Be32 initiator_task_tag;
  Be32 reserved_20;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  std::uint8_t status_class = 0;
  std::uint8_t status_detail = 0;
  std::array<std::uint8_t, 10> reserved_38{};
};

struct LogoutRequest {
  std::uint8_t first = opcode_byte(Opcode::logout_request) | immediate_delivery;
  std::uint8_t flags = final_pdu;  // reason 0: close the session
  std::array<std::uint8_t, 2> reserved{};
  std::uint8_t total_ahs_length = 0;
  Be24 data_segment_length;
  std::array<std::uint8_t, 8> reserved_8{};
  Be32 initiator_task_tag;
  Be16 connection_id;
  Be16 reserved_22;
  Be32 command_sn;
  Be32 expected_stat_sn;
  std::array<std::uint8_t, 16> reserved_32{};
};

// The fields every answer of a target has in the same place (SCSI Response, Data-In, R2T, NOP-In, Login…).
struct TargetHeader {
  std::array<std::uint8_t, 16> before{};
  Be32 initiator_task_tag;
  Be32 at_20;
  Be32 stat_sn;
  Be32 expected_command_sn;
  Be32 max_command_sn;
  std::array<std::uint8_t, 12> after{};
};

inline constexpr std::size_t basic_header_length = 48;
static_assert(sizeof(BasicHeader) == basic_header_length && alignof(BasicHeader) == 1);
static_assert(sizeof(ScsiCommand) == basic_header_length && sizeof(ScsiResponse) == basic_header_length);
static_assert(sizeof(DataIn) == basic_header_length && sizeof(DataOut) == basic_header_length);
static_assert(sizeof(ReadyToTransfer) == basic_header_length && sizeof(TargetHeader) == basic_header_length);
static_assert(sizeof(NopOut) == basic_header_length && sizeof(NopIn) == basic_header_length);
static_assert(sizeof(LoginRequest) == basic_header_length && sizeof(LoginResponse) == basic_header_length);
static_assert(sizeof(LogoutRequest) == basic_header_length);

template <typename Pdu>
constexpr Pdu as(const BasicHeader& header) {
  return std::bit_cast<Pdu>(header);
}

template <typename Pdu>
constexpr BasicHeader basic(const Pdu& pdu) {
  return std::bit_cast<BasicHeader>(pdu);
}

}  // namespace tgt::bench
