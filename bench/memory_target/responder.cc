// SPDX-License-Identifier: Apache-2.0
#include "memory_target/responder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "iscsi_load/text_keys.h"

namespace tgt::bench {
namespace {

constexpr std::uint32_t block_length = 512;
constexpr std::uint32_t window = 4096;

// Sense data with its length in front, as a SCSI Response carries it: MEDIUM ERROR, and INVALID COMMAND OPERATION CODE.
constexpr std::array<std::uint8_t, 20> medium_error{0, 18, 0x70, 0, 0x03, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x11, 0};
constexpr std::array<std::uint8_t, 20> invalid_opcode{0, 18, 0x70, 0, 0x05, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x20, 0};

template <typename Number>
Number at(const ScsiCommand& command, std::size_t offset) {
  Number number;
  std::memcpy(&number, &command.cdb[offset], sizeof number);
  return number;
}

std::array<std::uint8_t, 32> capacity_of(std::uint64_t bytes) {
  std::array<std::uint8_t, 32> data{};
  const Be64 last_block{bytes / block_length - 1};
  const Be32 length{block_length};
  std::memcpy(data.data(), &last_block, sizeof last_block);
  std::memcpy(data.data() + 8, &length, sizeof length);
  return data;
}

}  // namespace

template <typename Pdu>
void Responder::number(Pdu& pdu) const {
  pdu.stat_sn = stat_sn_;
  pdu.expected_command_sn = expected_command_sn_;
  pdu.max_command_sn = expected_command_sn_ + window;
}

Result<void> Responder::on_data(const BasicHeader& header, std::uint32_t offset, std::span<const std::uint8_t> piece) {
  switch (header.opcode()) {
    case Opcode::login_request:
      login_text_.insert(login_text_.end(), piece.begin(), piece.end());
      return {};
    case Opcode::scsi_command:
      if (offset == 0) begin_write(as<ScsiCommand>(header));
      return store(header.initiator_task_tag, offset, piece);
    case Opcode::data_out:
      return store(header.initiator_task_tag, std::uint64_t{as<DataOut>(header).buffer_offset} + offset, piece);
    default:
      return {};
  }
}

Result<void> Responder::on_pdu(const BasicHeader& header) {
  switch (header.opcode()) {
    case Opcode::login_request:
      return on_login(as<LoginRequest>(header));
    case Opcode::scsi_command:
      return on_command(as<ScsiCommand>(header));
    case Opcode::data_out:
      return on_data_out(as<DataOut>(header));
    case Opcode::nop_out:
      on_nop_out(as<NopOut>(header));
      return {};
    case Opcode::logout_request:
      on_logout(as<LogoutRequest>(header));
      return {};
    default:
      return fault(fmt::format("PDU of opcode 0x{:02x} from the initiator", header.first & 0x3f));
  }
}

Result<void> Responder::on_login(const LoginRequest& request) {
  const auto keys = decode_keys(login_text_);
  if (!keys) return std::unexpected(keys.error());
  login_text_.clear();
  OperationalKeys theirs{.max_recv_data_segment_length = their_max_segment_,
                         .max_burst_length = max_burst_,
                         .first_burst_length = first_burst_};
  for (const auto& [key, value] : *keys) {
    auto applied = apply_answer(theirs, key, value);
    if (!applied) return applied;
  }
  their_max_segment_ = theirs.max_recv_data_segment_length;
  max_burst_ = theirs.max_burst_length;
  first_burst_ = theirs.first_burst_length;

  constexpr std::uint8_t current_stage_mask = 0x0c;
  OperationalKeys answer = theirs;
  answer.header_digest = false;
  answer.data_digest = false;
  answer.max_recv_data_segment_length = our_max_segment;
  const bool operational = (request.flags & current_stage_mask) != 0;
  kept_.push_back(encode_keys(operational ? offer_of(answer) : TextKeys{{"TargetPortalGroupTag", "1"}}));
  LoginResponse response;
  response.flags = request.flags;
  response.isid = request.isid;
  response.tsih = static_cast<std::uint16_t>(1);
  response.initiator_task_tag = request.initiator_task_tag;
  expected_command_sn_ = request.command_sn;
  number(response);
  ++stat_sn_;
  outgoing_.push(basic(response), kept_.back());
  return {};
}

std::optional<Responder::Range> Responder::range_of(const ScsiCommand& command) const {
  const bool ten = command.cdb[0] == 0x28 || command.cdb[0] == 0x2a;
  const std::uint64_t block = ten ? std::uint64_t{at<Be32>(command, 2)} : std::uint64_t{at<Be64>(command, 2)};
  const std::uint64_t blocks = ten ? std::uint64_t{at<Be16>(command, 7)} : std::uint64_t{at<Be32>(command, 10)};
  const std::uint64_t all = medium_.bytes.size() / block_length;
  if (block > all || blocks > all - block || blocks * block_length != command.expected_data_transfer_length) return {};
  return Range{.start = block * block_length, .length = blocks * block_length};
}

bool Responder::touches_bad_block(Range range) const {
  if (!medium_.bad_block) return false;
  const std::uint64_t bad = *medium_.bad_block * block_length;
  return bad >= range.start && bad < range.start + range.length;
}

Result<void> Responder::on_command(const ScsiCommand& command) {
  expected_command_sn_ = command.command_sn + 1;
  const std::uint32_t tag = command.initiator_task_tag;
  switch (command.cdb[0]) {
    case 0x00:  // TEST UNIT READY
      send_status(tag, status_good, {});
      return {};
    case 0x9e: {  // READ CAPACITY (16)
      kept_.emplace_back();
      const auto capacity = capacity_of(medium_.bytes.size());
      kept_.back().assign(capacity.begin(), capacity.end());
      send_data(tag, kept_.back());
      return {};
    }
    case 0x28:
    case 0x88: {
      const auto range = range_of(command);
      return range ? read(command, *range) : Result<void>(fault("READ outside the medium"));
    }
    case 0x2a:
    case 0x8a: {
      if (command.data_segment_length == 0) begin_write(command);
      const auto write = writes_.find(tag);
      if (write == writes_.end()) return fault("WRITE outside the medium");
      return (command.flags & final_pdu) != 0 ? advance(tag, write->second) : Result<void>{};
    }
    default:
      send_status(tag, status_check_condition, invalid_opcode);
      return {};
  }
}

Result<void> Responder::read(const ScsiCommand& command, Range range) {
  if (touches_bad_block(range)) {
    send_status(command.initiator_task_tag, status_check_condition, medium_error);
  } else {
    send_data(command.initiator_task_tag, std::span(medium_.bytes).subspan(range.start, range.length));
  }
  return {};
}

// The last Data-In carries the status.
void Responder::send_data(std::uint32_t tag, std::span<const std::uint8_t> data) {
  DataIn pdu;
  pdu.initiator_task_tag = tag;
  pdu.target_transfer_tag = no_tag;
  std::uint32_t offset = 0;
  for (std::uint32_t data_sn = 0; offset < data.size(); ++data_sn) {
    const auto part = data.subspan(offset, std::min<std::size_t>(their_max_segment_, data.size() - offset));
    const bool last = offset + part.size() == data.size();
    pdu.flags = last ? final_pdu | data_in_status : 0;
    pdu.data_sn = data_sn;
    pdu.buffer_offset = offset;
    number(pdu);
    outgoing_.push(basic(pdu), part);
    offset += static_cast<std::uint32_t>(part.size());
  }
  ++stat_sn_;
}

void Responder::send_status(std::uint32_t tag, std::uint8_t status, std::span<const std::uint8_t> segment) {
  ScsiResponse pdu;
  pdu.flags = final_pdu;
  pdu.status = status;
  pdu.initiator_task_tag = tag;
  number(pdu);
  ++stat_sn_;
  outgoing_.push(basic(pdu), segment);
}

void Responder::begin_write(const ScsiCommand& command) {
  const auto range = range_of(command);
  if (!range) return;
  const auto length = static_cast<std::uint32_t>(range->length);
  const bool more_comes_unasked = (command.flags & final_pdu) == 0;
  const std::uint32_t unasked = more_comes_unasked ? first_burst_ : std::uint32_t{command.data_segment_length};
  writes_[command.initiator_task_tag] =
      Write{.start = range->start, .length = length, .solicited_to = std::min(length, unasked)};
}

Result<void> Responder::store(std::uint32_t tag, std::uint64_t offset, std::span<const std::uint8_t> piece) {
  const auto found = writes_.find(tag);
  if (found == writes_.end() || offset + piece.size() > found->second.length) return fault("data for no write");
  Write& write = found->second;
  write.received += static_cast<std::uint32_t>(piece.size());
  if (medium_.loses_writes) return {};
  std::memcpy(medium_.bytes.data() + write.start + offset, piece.data(), piece.size());
  return {};
}

Result<void> Responder::on_data_out(const DataOut& pdu) {
  const auto found = writes_.find(pdu.initiator_task_tag);
  if (found == writes_.end()) return fault("Data-Out for no write");
  return advance(pdu.initiator_task_tag, found->second);
}

Result<void> Responder::advance(std::uint32_t tag, Write& write) {
  if (write.received < write.solicited_to) return {};
  if (write.received == write.length) {
    const bool bad = touches_bad_block({.start = write.start, .length = write.length});
    send_status(tag, bad ? status_check_condition : status_good,
                bad ? std::span<const std::uint8_t>(medium_error) : std::span<const std::uint8_t>{});
    writes_.erase(tag);
    return {};
  }
  ReadyToTransfer pdu;
  pdu.initiator_task_tag = tag;
  pdu.target_transfer_tag = tag;
  pdu.r2t_sn = write.next_r2t_sn++;
  pdu.buffer_offset = write.received;
  pdu.desired_data_transfer_length = std::min(max_burst_, write.length - write.received);
  write.solicited_to = write.received + pdu.desired_data_transfer_length;
  number(pdu);
  outgoing_.push(basic(pdu), {});
  return {};
}

void Responder::on_nop_out(const NopOut& pdu) {
  if (pdu.initiator_task_tag == no_tag) return;
  NopIn answer;
  answer.initiator_task_tag = pdu.initiator_task_tag;
  answer.target_transfer_tag = no_tag;
  number(answer);
  ++stat_sn_;
  outgoing_.push(basic(answer), {});
}

void Responder::on_logout(const LogoutRequest& request) {
  NopIn answer;  // a Logout Response has the same fields where this one has any
  answer.first = opcode_byte(Opcode::logout_response);
  answer.initiator_task_tag = request.initiator_task_tag;
  number(answer);
  ++stat_sn_;
  outgoing_.push(basic(answer), {});
}

}  // namespace tgt::bench
