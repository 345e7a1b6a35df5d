// SPDX-License-Identifier: Apache-2.0
// Requests other than SCSI commands in the full feature phase.
#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "reactor/begun.h"
#include "transport/iscsi/full_feature_phase.h"

namespace tgt {
namespace {

using iscsi::Opcode;
using iscsi::RejectReason;

constexpr unsigned most_task_managements = 32;
// Requests that came too early are kept with their data, but all of a connection with no more than this. Their number
// is bounded by the window, and the memory of commands among them is their nexus's share.
constexpr std::size_t most_held_data = std::size_t{64} << 10;
// Below the patience of initiators with the answer to a logout.
constexpr Duration longest_logout = 10s;

// The CmdSN of a request that has one: its place is the same in all of them.
std::uint32_t cmd_sn_of(const iscsi::BasicHeader& header) {
  return std::bit_cast<iscsi::TaggedRequestHeader>(header).cmd_sn;
}

template <class Header>
std::unique_ptr<SmallPdu> small_pdu(const Header& header) {
  auto pdu = std::make_unique<SmallPdu>();
  pdu->header = std::bit_cast<iscsi::BasicHeader>(header);
  return pdu;
}

bool is_known_function(std::uint8_t function) {
  return function >= static_cast<std::uint8_t>(TaskManagementFunction::abort_task) &&
         function <= static_cast<std::uint8_t>(TaskManagementFunction::query_asynchronous_event);
}

std::uint8_t function_number(const iscsi::TaskManagementRequestHeader& header) {
  return static_cast<std::uint8_t>(header.function & iscsi::TaskManagementRequestHeader::function_mask);
}

// Is it one of the tasks that the function ends, as far as tag and logical unit say?
bool is_to_end(const IscsiCommand& command, const iscsi::TaskManagementRequestHeader& header) {
  switch (static_cast<TaskManagementFunction>(function_number(header))) {
    case TaskManagementFunction::abort_task:
      return command.wire().initiator_task_tag == header.referenced_task_tag;
    case TaskManagementFunction::abort_task_set:
    case TaskManagementFunction::clear_task_set:
    case TaskManagementFunction::logical_unit_reset:
      return Lun::from_wire(command.request().lun) == Lun::from_wire(header.lun);
    case TaskManagementFunction::target_warm_reset:
    case TaskManagementFunction::target_cold_reset:
    case TaskManagementFunction::i_t_nexus_reset:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool FullFeaturePhase::begin_request() {
  const iscsi::BasicHeader& header = reader_.header();
  switch (header.kind()) {
    case Opcode::nop_out:
    case Opcode::text_request:
    case Opcode::logout_request:
    case Opcode::task_management_request:
      break;
    case Opcode::snack_request:
      reject(header, RejectReason::snack_reject);
      return true;
    case Opcode::login_request:
      return fatal(header, RejectReason::protocol_error, "a login request in the full feature phase");
    default:
      reject(header, RejectReason::command_not_supported);
      return true;
  }
  receiving_ = {.what = Receiving::What::request};
  if (!header.immediate()) {
    const bool outside = window_.place_of(cmd_sn_of(header)) == CommandWindow::Place::outside;
    if (outside || is_held(cmd_sn_of(header))) {
      receiving_ = {};
      return true;
    }
  }
  request_data_.resize(reader_.data_length());
  reader_.put_data(request_data_);
  return true;
}

bool FullFeaturePhase::finish_request() {
  receiving_ = {};
  const iscsi::BasicHeader header = reader_.header();
  if (!reader_.data_digest_good()) {
    return fatal(header, RejectReason::data_digest_error, "data digest error in a request");
  }
  if (header.immediate()) return perform(header, request_data_);
  const CommandWindow::Place place = window_.place_of(cmd_sn_of(header));
  if (place == CommandWindow::Place::outside || is_held(cmd_sn_of(header))) return true;
  if (place == CommandWindow::Place::ahead) {
    if (held_data() + request_data_.size() > most_held_data) {
      return fatal(header, RejectReason::out_of_resources, "much data in requests that came too early");
    }
    held_.push_back({.cmd_sn = cmd_sn_of(header), .header = header, .data = request_data_});
    return true;
  }
  if (!perform(header, request_data_)) return false;
  return take_in_order();
}

bool FullFeaturePhase::perform(const iscsi::BasicHeader& header, std::vector<std::uint8_t>& data) {
  switch (header.kind()) {
    case Opcode::nop_out:
      answer_ping(header, data);
      break;
    case Opcode::text_request:
      answer_text(header, data);
      break;
    case Opcode::logout_request:
      begin_logout(header);
      break;
    default:
      begin_task_management(header);
      break;
  }
  return !lost_;
}

// RFC 7143, 11.18: a ping is answered with its own data; without a task tag it is the answer to ours.
void FullFeaturePhase::answer_ping(const iscsi::BasicHeader& header, std::vector<std::uint8_t>& data) {
  if (header.initiator_task_tag == iscsi::reserved_tag) {
    if (!header.immediate()) window_.answered();
    return;
  }
  iscsi::TaggedResponseHeader answer;
  answer.opcode = static_cast<std::uint8_t>(Opcode::nop_in);
  answer.lun = header.lun;
  answer.initiator_task_tag = header.initiator_task_tag;
  auto pdu = small_pdu(answer);
  const std::size_t length = std::min<std::size_t>(data.size(), parameters_.initiator_max_recv_data_segment_length);
  pdu->data.assign(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(length));
  pdu->answers_request = !header.immediate();
  queue_small(std::move(pdu));
}

// With the reserved tag it asks for no answer, and tells MaxCmdSN only.
void FullFeaturePhase::send_ping(std::uint32_t tag) {
  if (lost_ || closing_when_sent_) return;
  iscsi::TaggedResponseHeader ping;
  ping.opcode = static_cast<std::uint8_t>(Opcode::nop_in);
  ping.target_transfer_tag = tag;
  auto pdu = small_pdu(ping);
  pdu->carries_status = false;
  pdu->asks_for_life = tag != iscsi::reserved_tag;
  queue_small(std::move(pdu));
}

void FullFeaturePhase::answer_text(const iscsi::BasicHeader& header, Bytes data) {
  const auto request = std::bit_cast<iscsi::TaggedRequestHeader>(header);
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  auto answer = text_.answer(request, text);
  if (!answer) {
    if (!header.immediate()) window_.answered();
    return reject(header, answer.error());
  }
  (*answer)->answers_request = !header.immediate();
  queue_small(std::move(*answer));
}

void FullFeaturePhase::begin_logout(const iscsi::BasicHeader& header) {
  if (logging_out_) return;
  const auto request = std::bit_cast<iscsi::LogoutRequestHeader>(header);
  switch (request.reason & iscsi::LogoutRequestHeader::reason_mask) {
    case iscsi::LogoutRequestHeader::close_session:
      break;
    case iscsi::LogoutRequestHeader::close_connection:
      if (request.connection_id == connection_id_) break;
      return answer_logout(request, iscsi::LogoutResponseHeader::connection_not_found);
    case iscsi::LogoutRequestHeader::remove_for_recovery:
      return answer_logout(request, iscsi::LogoutResponseHeader::recovery_not_supported);
    default:
      if (!header.immediate()) window_.answered();
      return reject(header, RejectReason::invalid_pdu_field);
  }
  Gate::Pass pass = gate_.enter();
  if (!pass) return;
  logging_out_ = true;
  keep_alive_.stop();  // its answers are not read any more
  spawn(log_out(request, std::move(pass)));
}

// RFC 7143, 11.14 and 11.15: the session is closed when its commands have been terminated, and not before: another
// host may begin to write as soon as it hears so.
Task<void> FullFeaturePhase::log_out(iscsi::LogoutRequestHeader request, Gate::Pass pass) {
  auto response = iscsi::LogoutResponseHeader::success;
  std::optional<Begun> closing;
  if (nexus_ != nullptr) {
    closing.emplace(target_->close_nexus(nexus_));
    const bool ended = co_await closing->ended_by(shard_, shard_.now() + longest_logout);
    if (!ended) response = iscsi::LogoutResponseHeader::cleanup_failed;
  }
  answer_logout(request, response);
  close_when_sent(response == iscsi::LogoutResponseHeader::success ? "logged out"
                                                                   : "logged out; a device still has commands");
  if (closing) co_await closing->end();
  static_cast<void>(pass);
}

void FullFeaturePhase::answer_logout(const iscsi::LogoutRequestHeader& request, std::uint8_t response) {
  iscsi::LogoutResponseHeader answer;
  answer.response = response;
  answer.initiator_task_tag = request.initiator_task_tag;
  answer.time2wait = static_cast<std::uint16_t>(parameters_.default_time2wait);
  auto pdu = small_pdu(answer);
  pdu->answers_request = (request.opcode & iscsi::immediate_bit) == 0;
  queue_small(std::move(pdu));
}

void FullFeaturePhase::begin_task_management(const iscsi::BasicHeader& header) {
  const auto request = std::bit_cast<iscsi::TaskManagementRequestHeader>(header);
  if (nexus_ == nullptr) {
    fatal(header, RejectReason::protocol_error, "task management in a discovery session");
    return;
  }
  if (task_managements_ == most_task_managements) {
    if (!header.immediate()) window_.answered();
    return reject(header, RejectReason::too_many_immediate_commands);
  }
  Gate::Pass pass = gate_.enter();
  if (!pass) return;
  ++task_managements_;
  spawn(manage_tasks(request, std::move(pass)));
}

Task<void> FullFeaturePhase::manage_tasks(iscsi::TaskManagementRequestHeader header, Gate::Pass pass) {
  const std::uint8_t number = function_number(header);
  const auto function = static_cast<TaskManagementFunction>(number);
  auto response = TaskManagementResponse::function_not_supported;
  const bool ended_any = end_outside_task_sets(header);
  if (function == TaskManagementFunction::abort_task && ended_any) {
    response = TaskManagementResponse::function_complete;
  } else if (is_known_function(number)) {
    const TaskManager::Request request{
        .function = function, .lun = header.lun, .referenced_tag = {header.referenced_task_tag}};
    response = co_await services_.task_manager.perform(*nexus_, request);
    const bool unknown = response == TaskManagementResponse::task_does_not_exist;
    if (unknown && function == TaskManagementFunction::abort_task) response = abort_before_arrival(header);
  }
  --task_managements_;
  iscsi::TaskManagementResponseHeader answer;
  answer.response = static_cast<std::uint8_t>(response);
  answer.initiator_task_tag = header.initiator_task_tag;
  auto pdu = small_pdu(answer);
  pdu->answers_request = (header.opcode & iscsi::immediate_bit) == 0;
  queue_small(std::move(pdu));
  const bool was_reset = response == TaskManagementResponse::function_complete;
  if (function == TaskManagementFunction::target_cold_reset && was_reset) close_when_sent("target cold reset");
  static_cast<void>(pass);
}

// RFC 7143, 11.6.1 b: a task that is not known, but whose CmdSN lies in the window and before that of the function, is
// taken as received and aborted.
TaskManagementResponse FullFeaturePhase::abort_before_arrival(const iscsi::TaskManagementRequestHeader& header) {
  const std::uint32_t number = header.ref_cmd_sn;
  const bool may_still_come = window_.place_of(number) != CommandWindow::Place::outside &&
                              iscsi::comes_before(number, header.cmd_sn) && !is_held(number);
  if (!may_still_come) return TaskManagementResponse::task_does_not_exist;
  if (number == window_.expected()) {
    window_.answered();
    if (!take_in_order()) close("a request that had waited was fatal");
  } else {
    held_.push_back({.cmd_sn = number, .aborted = true});
  }
  return TaskManagementResponse::function_complete;
}

// Not in a task set yet is a command that waits for those before it; not in one any more is one whose response waits
// for the end of its unsolicited data. What the function is to end of them ends here (RFC 7143, 11.5.1: no command with
// a lower CmdSN runs or is answered after the function's response). True when there was any.
bool FullFeaturePhase::end_outside_task_sets(const iscsi::TaskManagementRequestHeader& header) {
  bool any = false;
  for (Held& held : held_) {
    if (held.command == nullptr || !is_to_end(*held.command, header)) continue;
    if (!iscsi::comes_before(held.cmd_sn, header.cmd_sn)) continue;
    drop(*std::exchange(held.command, nullptr));
    held.aborted = true;
    any = true;
  }
  std::vector<IscsiCommand*> executed;
  std::ranges::copy_if(unsolicited_, std::back_inserter(executed), [&header](const IscsiCommand* command) {
    return command->executed && !command->concluded && is_to_end(*command, header);
  });
  for (IscsiCommand* command : executed) {
    fall_silent(*command);
    conclude(*command);
  }
  return any || !executed.empty();
}

// RFC 7143, 11.17: the rejected header goes back as data.
void FullFeaturePhase::reject(const iscsi::BasicHeader& header, RejectReason reason) {
  services_.log.debug("iscsi: rejected opcode {:#04x}, reason {:#04x}", header.opcode & iscsi::opcode_mask,
                      static_cast<unsigned>(reason));
  iscsi::RejectHeader answer;
  answer.reason = static_cast<std::uint8_t>(reason);
  auto pdu = small_pdu(answer);
  const Bytes bytes = bytes_of(header);
  pdu->data.assign(bytes.begin(), bytes.end());
  queue_small(std::move(pdu));
}

// What cannot be gone on from: the initiator is told, and the connection closed. False when that has happened already.
bool FullFeaturePhase::fatal(const iscsi::BasicHeader& header, RejectReason reason, std::string_view why) {
  reject(header, reason);
  close_when_sent(why);
  return !lost_;
}

}  // namespace tgt
