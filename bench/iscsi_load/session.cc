// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace tgt::bench {
namespace {

Digests digests_of(const OperationalKeys& agreed) {
  return {.header = agreed.header_digest, .data = agreed.data_digest};
}

// True when command_sn lies in the window that ends with max_command_sn (serial number arithmetic, RFC 1982).
bool window_admits(const Counters& counters) {
  return static_cast<std::int32_t>(counters.max_command_sn - counters.command_sn) >= 0;
}

// `segment` is the data segment of a SCSI Response: two bytes of length, then at least 14 of sense data (SPC-5, 4.4).
std::string describe_sense(std::span<const std::uint8_t> segment) {
  const auto sense = segment.subspan(2);
  const bool descriptor_format = (sense[0] & 0x7f) >= 0x72;
  const std::uint8_t key = descriptor_format ? sense[1] : sense[2];
  const auto additional = sense.subspan(descriptor_format ? 2 : 12, 2);
  return fmt::format("sense key {:x}, additional sense {:02x}/{:02x}", key & 0x0f, additional[0], additional[1]);
}

}  // namespace

Session::Session(const Options& options, LoggedIn logged_in, Extent extent, unsigned number)
    : number_(number),
      length_(options.block_size),
      blocks_per_chunk_(options.block_size / logged_in.medium.block_length),
      our_max_segment_(options.offer.max_recv_data_segment_length),
      lun_(lun_field(options.lun)),
      logged_in_(std::move(logged_in)),
      workload_(options, extent, options.seed * 4096 + number),
      ledger_(options.verify ? std::make_unique<Ledger>(extent) : nullptr),
      commands_(options.depth),
      buffer_(std::size_t{length_} * (options.verify ? std::max(options.depth, 1U) : 1U)),
      reader_(digests_of(logged_in_.agreed), our_max_segment_),
      outgoing_(digests_of(logged_in_.agreed)) {
  for (std::uint32_t i = options.depth; i-- > 0;) free_.push_back(i);
  for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] = static_cast<std::uint8_t>(i * 131 >> 4);
}

std::unexpected<Fault> Session::broken(const std::string& what) const {
  return fault(fmt::format("session {}: {}", number_, what));
}

std::string Session::name_of(const Command& command) const {
  return fmt::format("{} of {} blocks at LBA {}", command.transfer.direction == Direction::read ? "READ" : "WRITE",
                     blocks_per_chunk_, command.transfer.chunk * blocks_per_chunk_);
}

std::span<std::uint8_t> Session::buffer_of(std::size_t index) {
  return std::span(buffer_).subspan(ledger_ ? index * length_ : 0, length_);
}

// --- starting commands

std::optional<Transfer> Session::next_transfer(bool measuring_is_over) {
  if (measuring_is_over) return ledger_ ? ledger_->next_to_read_back() : std::nullopt;
  if (!ledger_) return workload_.next();
  constexpr int attempts = 64;  // the chosen chunk may be in use
  for (int i = 0; i < attempts; ++i) {
    const auto claimed = ledger_->claim(workload_.next());
    if (claimed) return claimed;
  }
  return std::nullopt;
}

void Session::issue(const Schedule& schedule, std::uint64_t now, Measurements& measured) {
  const bool measuring_is_over = now >= schedule.measure_to;
  while (!free_.empty()) {
    if (!window_admits(logged_in_.counters)) {
      if (!measuring_is_over) ++measured.window_closed;
      return;
    }
    const auto transfer = next_transfer(measuring_is_over);
    if (!transfer) return;
    start(*transfer, now);
  }
}

std::array<std::uint8_t, 16> Session::cdb_for(const Transfer& transfer) const {
  const std::uint64_t block = transfer.chunk * blocks_per_chunk_;
  const bool read = transfer.direction == Direction::read;
  std::array<std::uint8_t, 16> cdb{};
  if (block + blocks_per_chunk_ <= 0xffff'ffff && blocks_per_chunk_ <= 0xffff) {
    cdb[0] = read ? 0x28 : 0x2a;  // READ (10), WRITE (10)
    const Be32 address{static_cast<std::uint32_t>(block)};
    const Be16 count{static_cast<std::uint16_t>(blocks_per_chunk_)};
    std::memcpy(&cdb[2], &address, sizeof address);
    std::memcpy(&cdb[7], &count, sizeof count);
  } else {
    cdb[0] = read ? 0x88 : 0x8a;  // READ (16), WRITE (16)
    const Be64 address{block};
    const Be32 count{blocks_per_chunk_};
    std::memcpy(&cdb[2], &address, sizeof address);
    std::memcpy(&cdb[10], &count, sizeof count);
  }
  return cdb;
}

void Session::start(Transfer transfer, std::uint64_t now) {
  const std::uint32_t index = free_.back();
  free_.pop_back();
  commands_[index] = Command{.transfer = transfer, .started = now, .active = true};

  const OperationalKeys& agreed = logged_in_.agreed;
  std::uint32_t immediate = 0;
  std::uint32_t unsolicited = 0;
  if (transfer.direction == Direction::write) {
    if (ledger_) ledger_->fill(transfer.chunk, buffer_of(index));
    const std::uint32_t first_burst = std::min(length_, agreed.first_burst_length);
    if (agreed.immediate_data) immediate = std::min(first_burst, agreed.max_recv_data_segment_length);
    if (!agreed.initial_r2t) unsolicited = first_burst - immediate;
  }
  ScsiCommand pdu;
  pdu.flags = static_cast<std::uint8_t>((unsolicited > 0 ? 0 : final_pdu) | attribute_simple |
                                        (transfer.direction == Direction::read ? command_read : command_write));
  pdu.lun = lun_;
  pdu.initiator_task_tag = index;
  pdu.expected_data_transfer_length = length_;
  pdu.command_sn = logged_in_.counters.command_sn++;
  pdu.expected_stat_sn = logged_in_.counters.expected_stat_sn;
  pdu.cdb = cdb_for(transfer);
  outgoing_.push(basic(pdu), buffer_of(index).first(immediate));
  if (unsolicited == 0) return;
  DataOut data;
  data.lun = lun_;
  data.initiator_task_tag = index;
  data.target_transfer_tag = no_tag;
  send_data_out(data, immediate, unsolicited);
}

// One sequence of Data-Out PDUs, unsolicited or for one R2T.
void Session::send_data_out(DataOut header, std::uint32_t offset, std::uint32_t length) {
  const auto buffer = buffer_of(header.initiator_task_tag);
  const std::uint32_t end = offset + length;
  header.expected_stat_sn = logged_in_.counters.expected_stat_sn;
  for (std::uint32_t data_sn = 0; offset < end; ++data_sn) {
    const std::uint32_t part = std::min(end - offset, logged_in_.agreed.max_recv_data_segment_length);
    header.flags = offset + part == end ? final_pdu : 0;
    header.data_sn = data_sn;
    header.buffer_offset = offset;
    outgoing_.push(basic(header), buffer.subspan(offset, part));
    offset += part;
  }
}

// --- answers

Result<void> Session::receive(std::span<const std::uint8_t> bytes, std::uint64_t now, Measurements& measured) {
  now_ = now;
  measured_ = &measured;
  auto fed = reader_.feed(bytes, *this);
  return fed ? fed : broken(fed.error().text);
}

Result<Session::Command*> Session::command_for(std::uint32_t tag) {
  if (tag >= commands_.size() || !commands_[tag].active) {
    return fault(fmt::format("an answer for task tag 0x{:x}, which is not in use", tag));
  }
  return &commands_[tag];
}

Result<void> Session::on_data(const BasicHeader& header, std::uint32_t offset, std::span<const std::uint8_t> piece) {
  if (header.opcode() == Opcode::scsi_response) {
    if (offset == 0) sense_.clear();
    sense_.insert(sense_.end(), piece.begin(), piece.end());
    return {};
  }
  if (header.opcode() != Opcode::data_in || !ledger_) return {};
  const auto command = command_for(header.initiator_task_tag);
  if (!command) return std::unexpected(command.error());
  const std::uint64_t start = std::uint64_t{as<DataIn>(header).buffer_offset} + offset;
  if (start + piece.size() > length_) return fault("Data-In beyond the end of the transfer");
  std::memcpy(buffer_of(header.initiator_task_tag).data() + start, piece.data(), piece.size());
  return {};
}

Result<void> Session::on_pdu(const BasicHeader& header) {
  const std::uint32_t max_command_sn = as<TargetHeader>(header).max_command_sn;
  if (static_cast<std::int32_t>(max_command_sn - logged_in_.counters.max_command_sn) > 0) {
    logged_in_.counters.max_command_sn = max_command_sn;
  }
  switch (header.opcode()) {
    case Opcode::data_in:
      return on_data_in(as<DataIn>(header));
    case Opcode::scsi_response:
      return on_response(as<ScsiResponse>(header));
    case Opcode::ready_to_transfer:
      return on_ready_to_transfer(as<ReadyToTransfer>(header));
    case Opcode::nop_in:
      return on_nop_in(as<NopIn>(header));
    case Opcode::reject:
      return fault(fmt::format("the target rejected a PDU, reason 0x{:02x}", header.specific[0]));
    case Opcode::async_message:
      return fault(fmt::format("asynchronous message, event {}", header.rest[16]));
    default:
      return fault(fmt::format("unexpected PDU of opcode 0x{:02x}", header.first & 0x3f));
  }
}

Result<void> Session::take_stat_sn(std::uint32_t stat_sn) {
  if (stat_sn != logged_in_.counters.expected_stat_sn) {
    return fault(fmt::format("StatSN {} where {} is next", stat_sn, logged_in_.counters.expected_stat_sn));
  }
  ++logged_in_.counters.expected_stat_sn;
  return {};
}

Result<void> Session::on_data_in(const DataIn& pdu) {
  const auto found = command_for(pdu.initiator_task_tag);
  if (!found) return std::unexpected(found.error());
  Command& command = **found;
  if (command.transfer.direction != Direction::read) return fault("Data-In for a " + name_of(command));
  if (pdu.data_sn != command.next_data_sn || pdu.buffer_offset != command.received) {
    return fault(fmt::format("Data-In out of order (DataSN {}, offset {}; {} and {} are next) in a {}",
                             std::uint32_t{pdu.data_sn}, std::uint32_t{pdu.buffer_offset}, command.next_data_sn,
                             command.received, name_of(command)));
  }
  ++command.next_data_sn;
  command.received += pdu.data_segment_length;
  if ((pdu.flags & data_in_status) == 0) return {};
  auto counted = take_stat_sn(pdu.stat_sn);
  if (!counted) return counted;
  if (pdu.status != status_good || (pdu.flags & (residual_overflow | residual_underflow)) != 0) {
    return fault(fmt::format("{} ended with status 0x{:02x}, residual count {}", name_of(command), pdu.status,
                             std::uint32_t{pdu.residual_count}));
  }
  return complete(command);
}

Result<void> Session::on_response(const ScsiResponse& pdu) {
  auto counted = take_stat_sn(pdu.stat_sn);
  if (!counted) return counted;
  const auto found = command_for(pdu.initiator_task_tag);
  if (!found) return std::unexpected(found.error());
  Command& command = **found;
  if (pdu.response != 0) {
    return fault(fmt::format("{} ended with iSCSI response 0x{:02x}", name_of(command), pdu.response));
  }
  if (pdu.status == status_check_condition && pdu.data_segment_length >= 2 + 14) {
    return fault(name_of(command) + " ended with CHECK CONDITION, " + describe_sense(sense_));
  }
  if (pdu.status != status_good) {
    return fault(fmt::format("{} ended with status 0x{:02x}", name_of(command), pdu.status));
  }
  if ((pdu.flags & (residual_overflow | residual_underflow)) != 0) {
    return fault(
        fmt::format("{} ended GOOD with residual count {}", name_of(command), std::uint32_t{pdu.residual_count}));
  }
  return complete(command);
}

Result<void> Session::on_ready_to_transfer(const ReadyToTransfer& pdu) {
  const auto found = command_for(pdu.initiator_task_tag);
  if (!found) return std::unexpected(found.error());
  Command& command = **found;
  const std::uint32_t offset = pdu.buffer_offset;
  const std::uint32_t length = pdu.desired_data_transfer_length;
  if (command.transfer.direction != Direction::write || length == 0 || std::uint64_t{offset} + length > length_ ||
      length > logged_in_.agreed.max_burst_length) {
    return fault(fmt::format("R2T for {} bytes at {} in a {}", length, offset, name_of(command)));
  }
  if (pdu.r2t_sn != command.next_r2t_sn) return fault("R2TSN out of order in a " + name_of(command));
  ++command.next_r2t_sn;
  DataOut data;
  data.lun = pdu.lun;
  data.initiator_task_tag = pdu.initiator_task_tag;
  data.target_transfer_tag = pdu.target_transfer_tag;
  send_data_out(data, offset, length);
  return {};
}

Result<void> Session::on_nop_in(const NopIn& pdu) {
  if (pdu.target_transfer_tag == no_tag) return {};
  NopOut answer;
  answer.lun = pdu.lun;
  answer.target_transfer_tag = pdu.target_transfer_tag;
  answer.command_sn = logged_in_.counters.command_sn;
  answer.expected_stat_sn = logged_in_.counters.expected_stat_sn;
  outgoing_.push(basic(answer), {});
  return {};
}

Result<void> Session::check_contents(const Command& command) {
  const auto wrong = ledger_->mismatch(command.transfer.chunk, buffer_of(index_of(command)));
  if (wrong) return fault(fmt::format("wrong data at byte {} of a {}", *wrong, name_of(command)));
  ++measured_->verified_reads;
  return {};
}

Result<void> Session::complete(Command& command) {
  const bool read = command.transfer.direction == Direction::read;
  if (read && command.received != length_) {
    return fault(fmt::format("{} ended GOOD after {} of {} bytes", name_of(command), command.received, length_));
  }
  if (ledger_) {
    if (read) {
      auto checked = check_contents(command);
      if (!checked) return checked;
    }
    ledger_->release(command.transfer);
  }
  measured_->latency.record(now_ - command.started);
  ++measured_->commands;
  measured_->bytes += length_;
  command.active = false;
  free_.push_back(static_cast<std::uint32_t>(index_of(command)));
  return {};
}

Result<void> Session::log_out() {
  auto done = bench::log_out(logged_in_, our_max_segment_);
  return done ? done : broken(done.error().text);
}

}  // namespace tgt::bench
