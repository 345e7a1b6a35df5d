// SPDX-License-Identifier: Apache-2.0
// SCSI commands and their Data-Out in the full feature phase.
#include <algorithm>
#include <utility>

#include "core/task_router.h"
#include "transport/iscsi/full_feature_phase.h"

namespace tgt {
namespace {

constexpr unsigned most_immediate_commands = 32;

constexpr Sense unexpected_unsolicited_data = Sense::of(SenseKey::aborted_command, 0x0c, 0x0c);
constexpr Sense incorrect_amount_of_data = Sense::of(SenseKey::aborted_command, 0x0c, 0x0d);

// RFC 7143, 11.4.7.2: how the task ends whose data is not what was agreed.
Sense sense_for(DataOutFault fault) {
  switch (fault) {
    case DataOutFault::unexpected_unsolicited:
      return unexpected_unsolicited_data;
    case DataOutFault::too_much:
    case DataOutFault::missing_final:
    case DataOutFault::early_final:
      return incorrect_amount_of_data;
    case DataOutFault::wrong_sequence_number:
    case DataOutFault::wrong_offset:
    case DataOutFault::unknown_tag:
      return Sense::protocol_service_crc_error();
  }
  return Sense::protocol_service_crc_error();
}

bool is_final(const iscsi::ScsiCommandHeader& header) { return (header.flags & iscsi::final_bit) != 0; }

}  // namespace

bool FullFeaturePhase::begin_command() {
  const auto header = reader_.header_as<iscsi::ScsiCommandHeader>();
  if (nexus_ == nullptr) {
    return fatal(reader_.header(), iscsi::RejectReason::protocol_error, "a SCSI command in a discovery session");
  }
  const bool immediate = reader_.header().immediate();
  if (immediate) {
    if (immediate_commands_ == most_immediate_commands) {
      reject(reader_.header(), iscsi::RejectReason::too_many_immediate_commands);
      return true;
    }
  } else {
    const bool outside = window_.place_of(header.cmd_sn) == CommandWindow::Place::outside;
    if (outside || is_held(header.cmd_sn)) return true;
  }
  // Immediate commands may be left over (their data does not end, their responses are not taken), but not without end.
  if (commands_.in_use() > 4 * std::size_t{target_parameters_->command_window()} + 4 * most_immediate_commands) {
    return fatal(reader_.header(), iscsi::RejectReason::out_of_resources, "too many commands without their data");
  }
  const auto parsed = parse_command(header, reader_.additional_header());
  if (!parsed) return fatal(reader_.header(), parsed.error(), "malformed additional header segment");

  IscsiCommand& command = make_command(*parsed, header);
  check_arrival(command, *parsed, header);
  receiving_ = {.what = Receiving::What::command,
                .command = &command,
                .range = {0, reader_.data_length()},
                .discarded = command.refusal.has_value()};
  command.hold();
  if (reader_.data_length() != 0 && !receiving_.discarded) {
    reader_.put_data(command.data_out_memory(receiving_.range));
  }
  return true;
}

IscsiCommand& FullFeaturePhase::make_command(const CommandRequest& parsed, const iscsi::ScsiCommandHeader& header) {
  const bool immediate = (header.opcode & iscsi::immediate_bit) != 0;
  const IscsiCommand::Wire wire{
      .initiator_task_tag = header.initiator_task_tag, .cmd_sn = header.cmd_sn, .immediate = immediate};
  const DataOutTransfer::Terms terms{.expected_length = parsed.request.expected_data_out.bytes,
                                     .first_burst_length = parameters_.first_burst_length,
                                     .max_burst_length = parameters_.max_burst_length,
                                     .max_outstanding_r2t = parameters_.max_outstanding_r2t,
                                     .initial_r2t = parameters_.initial_r2t,
                                     .immediate_data = parameters_.immediate_data};
  IscsiCommandOwner& owner = *this;
  IscsiCommand& command = commands_.make(shard_, *nexus_, parsed.request, wire, owner, terms);
  command.hold();  // until it is concluded
  if (immediate) ++immediate_commands_;
  return command;
}

// Whatever can be said against a command before it reaches core.
void FullFeaturePhase::check_arrival(IscsiCommand& command, const CommandRequest& parsed,
                                     const iscsi::ScsiCommandHeader& header) {
  const auto refuse = [&](const Sense& why) { command.refusal = {.status = Status::check_condition, .sense = why}; };
  if (parsed.refusal) refuse(*parsed.refusal);
  const std::uint32_t data_length = header.data_segment_length;
  if (!parsed.writes) {
    if (data_length != 0 || !is_final(header)) refuse(unexpected_unsolicited_data);
    return;
  }
  const auto begun = command.data_out_transfer().begin(data_length, is_final(header));
  if (!begun && !command.refusal) refuse(sense_for(begun.error()));
  if (command.data_out_transfer().unsolicited_open()) unsolicited_.push_back(&command);
  if (!command.refusal) provide_buffer(command);
}

void FullFeaturePhase::provide_buffer(IscsiCommand& command) {
  const std::uint32_t length = command.request().expected_data_out.bytes;
  if (length == 0) return;
  Buffer buffer = nexus_->buffers().allocate(length);
  if (!buffer) {
    command.refusal = {.status = Status::task_set_full, .sense = {}};
    return;
  }
  command.set_data_out_buffer(std::move(buffer));
}

bool FullFeaturePhase::finish_command_pdu() {
  const Receiving received = std::exchange(receiving_, {});
  IscsiCommand& command = *received.command;
  if (!reader_.data_digest_good()) {
    // At ErrorRecoveryLevel 0 nobody would send the command again, and its CmdSN would be missing for ever.
    drop(command);
    return fatal(reader_.header(), iscsi::RejectReason::data_digest_error, "data digest error in immediate data");
  }
  if (!received.discarded && received.range.length != 0) command.data_arrived(received.range);
  const bool good = take_its_turn(command);
  drop(command);
  return good;
}

bool FullFeaturePhase::take_its_turn(IscsiCommand& command) {
  const std::uint32_t cmd_sn = command.wire().cmd_sn;
  if (command.wire().immediate) {
    start(command);
    return true;
  }
  // While its data came, an ABORT TASK may have moved the window, or ended this very command.
  const CommandWindow::Place place = window_.place_of(cmd_sn);
  if (place == CommandWindow::Place::outside || is_held(cmd_sn)) {
    drop(command);
    return true;
  }
  if (place == CommandWindow::Place::ahead) {
    held_.push_back({.cmd_sn = cmd_sn, .command = &command});
    return true;
  }
  start(command);
  return take_in_order();
}

void FullFeaturePhase::start(IscsiCommand& command) {
  if (command.refusal) {
    has_executed(command);
    command.respond_with(command.refusal->status, command.refusal->sense);
    return conclude(command);
  }
  Gate::Pass pass = gate_.enter();
  if (!pass) return;  // the connection is being torn down, and the command with it
  spawn(execute(command, std::move(pass)));
}

Task<void> FullFeaturePhase::execute(IscsiCommand& command, Gate::Pass pass) {
  const TaskRouter::Outcome outcome = co_await TaskRouter::execute(command);
  has_executed(command);
  if (outcome == TaskRouter::Outcome::silent) {
    fall_silent(command);
  } else {
    command.respond_from_reply();
  }
  conclude(command);
  static_cast<void>(pass);
}

void FullFeaturePhase::has_executed(IscsiCommand& command) {
  command.executed = true;
  if (command.wire().immediate) --immediate_commands_;
}

// It is aborted: no response will be sent.
void FullFeaturePhase::fall_silent(IscsiCommand& command) {
  command.silent = true;
  if (command.wire().immediate) return;
  const bool was_closed = window_.closed();
  window_.answered();
  // No response tells the initiator that it may send again, and without that it may have nothing to ask.
  if (was_closed) send_ping(iscsi::reserved_tag);
}

// Sends the response once the task has ended and no unsolicited data is on its way any more (RFC 7143, 11.4.2).
void FullFeaturePhase::conclude(IscsiCommand& command) {
  if (!command.executed || command.concluded) return;
  // Its task needs no data any more, however long the initiator takes to send it.
  command.data_out_transfer().give_up();
  if (receiving_.command != &command) command.set_data_out_buffer({});
  if (command.data_out_transfer().unsolicited_open() && !command.silent && !lost_) return;
  command.concluded = true;
  if (!command.silent) {
    command.progress.response_ready = true;
    data_in_bytes_ += command.response().data.size();
    if (!command.queued) {
      command.hold();
      sender_.queue(command);
    }
  }
  drop(command);
}

void FullFeaturePhase::drop(IscsiCommand& command) {
  if (!command.drop()) return;
  std::erase(unsolicited_, &command);
  if (command.data_out_transfer().unsolicited_open()) expect_unwanted_burst(command.wire().initiator_task_tag);
  if (command.progress.response_ready) data_in_bytes_ -= command.response().data.size();
  commands_.destroy(command);
}

// An aborted command is gone before its data has come. More than the window has room for are not under way at a time.
void FullFeaturePhase::expect_unwanted_burst(std::uint32_t task_tag) {
  std::erase(unwanted_bursts_, task_tag);
  unwanted_bursts_.push_back(task_tag);
  const std::size_t most = std::size_t{target_parameters_->command_window()} + most_immediate_commands;
  if (unwanted_bursts_.size() > most) unwanted_bursts_.erase(unwanted_bursts_.begin());
}

// The sender has let go of a command: after its response, or after some of its R2Ts.
void FullFeaturePhase::command_sent(IscsiCommand& command) {
  if (!lost_ && !command.progress.finished && (command.progress.response_ready || command.waits_for_data())) {
    const bool goes_on = command.progress.response_ready || command.data_out_transfer().may_ask();
    command.asked_at(goes_on ? DataOutWatch::not_sent_yet : socket_.sent());
    if (goes_on) return sender_.queue(command);
  }
  drop(command);
}

void FullFeaturePhase::ready_to_ask(IscsiCommand& command) {
  if (lost_ || command.queued || !command.data_out_transfer().may_ask()) return;
  command.asked_at(DataOutWatch::not_sent_yet);
  command.hold();
  sender_.queue(command);
}

bool FullFeaturePhase::begin_data_out() {
  const auto header = reader_.header_as<iscsi::DataOutHeader>();
  if (nexus_ == nullptr) {
    return fatal(reader_.header(), iscsi::RejectReason::protocol_error, "Data-Out in a discovery session");
  }
  IscsiCommand* command = find_data_out_command(header);
  if (command == nullptr) {
    if (!is_late(header)) reject(reader_.header(), iscsi::RejectReason::invalid_pdu_field);
    return true;
  }
  command->hold();
  receiving_ = {.what = Receiving::What::data_out, .command = command, .discarded = true};
  place_data_out(*command, header);
  return true;
}

IscsiCommand* FullFeaturePhase::find_data_out_command(const iscsi::DataOutHeader& header) {
  if (header.target_transfer_tag == iscsi::reserved_tag) {
    const auto found = std::ranges::find_if(unsolicited_, [&](const IscsiCommand* command) {
      return command->wire().initiator_task_tag == header.initiator_task_tag;
    });
    return found == unsolicited_.end() ? nullptr : *found;
  }
  IscsiCommand* command = commands_.find_by_tag(header.target_transfer_tag);
  if (command == nullptr || command->wire().initiator_task_tag != header.initiator_task_tag) return nullptr;
  return command->data_out_transfer().is_outstanding(header.target_transfer_tag) ? command : nullptr;
}

// Data that was on its way when its command ended.
bool FullFeaturePhase::is_late(const iscsi::DataOutHeader& header) {
  if (header.target_transfer_tag != iscsi::reserved_tag) return commands_.was_given(header.target_transfer_tag);
  const auto found = std::ranges::find(unwanted_bursts_, std::uint32_t{header.initiator_task_tag});
  if (found == unwanted_bursts_.end()) return false;
  if ((header.flags & iscsi::final_bit) != 0) unwanted_bursts_.erase(found);
  return true;
}

// Finds the place of the data, or ends the task when it has none.
void FullFeaturePhase::place_data_out(IscsiCommand& command, const iscsi::DataOutHeader& header) {
  DataOutTransfer& transfer = command.data_out_transfer();
  if (command.refusal || transfer.given_up()) return transfer.pass_over(header);
  const auto range = transfer.accept(header);
  if (!range) {
    const bool unsolicited = header.target_transfer_tag == iscsi::reserved_tag;
    if (unsolicited) transfer.pass_over(header);
    if (range.error() == DataOutFault::missing_final) transfer.end_unsolicited();
    return command.fail(sense_for(range.error()));
  }
  receiving_.range = *range;
  receiving_.discarded = false;
  if (range->length != 0) reader_.put_data(command.data_out_memory(*range));
}

bool FullFeaturePhase::finish_data_out() {
  const Receiving received = std::exchange(receiving_, {});
  IscsiCommand& command = *received.command;
  if (!received.discarded) {
    if (reader_.data_digest_good()) {
      command.data_arrived(received.range);
    } else {
      reject(reader_.header(), iscsi::RejectReason::data_digest_error);
      command.fail(Sense::protocol_service_crc_error());
    }
  }
  if (!command.data_out_transfer().unsolicited_open()) std::erase(unsolicited_, &command);
  conclude(command);
  drop(command);
  return true;
}

}  // namespace tgt
