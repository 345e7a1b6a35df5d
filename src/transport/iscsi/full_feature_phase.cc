// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/full_feature_phase.h"

#include <bit>
#include <utility>

namespace tgt {
namespace {

constexpr std::size_t receive_buffer_size = std::size_t{128} << 10;
// Answers that wait to be sent beyond these bounds stop the reading.
constexpr std::size_t most_small_pdus = 256;
constexpr std::size_t most_small_bytes = std::size_t{1} << 20;
// The same for Data-In. It need not be much, for more is read as soon as this is with the kernel; and what has just
// been read is still in the cache when it is sent.
constexpr std::size_t most_data_in_bytes = std::size_t{512} << 10;
// An initiator that does not take its last PDUs is not waited for.
constexpr Duration longest_farewell = 2s;

PduReader::Limits limits_of(const IscsiSessionParameters& parameters) {
  return {.max_data_segment_length = parameters.target_max_recv_data_segment_length,
          .header_digest = parameters.header_digest,
          .data_digest = parameters.data_digest};
}

DiscoveringInitiator discovering(const LoginNegotiation& login, const Socket& socket) {
  return {.name = login.initiator().name,
          .address = socket.peer_endpoint(),
          .portal = socket.local_endpoint(),
          .own_target = login.target() ? login.target()->name() : std::string()};
}

}  // namespace

FullFeaturePhase::FullFeaturePhase(Shard& shard, Socket& socket, const IscsiServices& services,
                                   const LoginNegotiation& login)
    : shard_(shard),
      socket_(socket),
      services_(services),
      target_(login.target()),
      target_parameters_(login.target_parameters()),
      parameters_(login.agreed()),
      connection_id_(login.connection_id()),
      window_(login.exp_cmd_sn(), target_parameters_->command_window()),
      reader_(receive_buffer_size, limits_of(parameters_)),
      sender_({.shard = shard,
               .socket = socket,
               .gate = gate_,
               .owner = *this,
               .parameters = parameters_,
               .max_xmit_data_segment_length = target_parameters_->max_xmit_data_segment_length(),
               .window = window_,
               .commands = commands_,
               .next_stat_sn = login.stat_sn() + 1}),
      text_(services, discovering(login, socket), parameters_),
      keep_alive_(shard, *this, target_parameters_->keep_alive()),
      data_out_watch_(shard, *this),
      close_timer_(shard, &FullFeaturePhase::close_now, this) {}

Task<void> FullFeaturePhase::run() {
  running_ = true;
  if (end_before_run_) end(*end_before_run_);
  keep_alive_.start();
  co_await read_pdus();
  co_await finish();
}

Task<void> FullFeaturePhase::read_pdus() {
  while (!lost_) {
    if (!process_received()) co_return;
    if (must_pause()) {
      may_read_.reset();
      co_await may_read_.wait();
      continue;
    }
    const auto received = co_await socket_.receive(reader_.room());
    if (!received || *received == 0) co_return;
    keep_alive_.heard();
    if (reader_.inside_data() && at_command_or_data()) data_out_watch_.heard();
    reader_.received(*received);
  }
}

bool FullFeaturePhase::must_pause() const {
  return closing_when_sent_ || logging_out_ || small_pdus_ > most_small_pdus || small_bytes_ > most_small_bytes ||
         data_in_bytes_ > most_data_in_bytes;
}

// Takes what the reader has found, until it wants more or there is enough to send. False: the connection is to be
// closed.
bool FullFeaturePhase::process_received() {
  for (;;) {
    if (lost_) return false;
    if (must_pause()) return true;
    switch (reader_.next()) {
      case PduReader::Event::wants_more:
        return true;
      case PduReader::Event::header:
        if (!take_header()) return false;
        break;
      case PduReader::Event::complete:
        if (!take_complete()) return false;
        break;
      case PduReader::Event::bad_header_digest:
        close("header digest error");
        return false;
      case PduReader::Event::segment_too_long:
        return fatal(reader_.header(), iscsi::RejectReason::protocol_error, "data segment too long");
    }
  }
}

bool FullFeaturePhase::take_header() {
  receiving_ = {};
  switch (reader_.header().kind()) {
    case iscsi::Opcode::scsi_command:
      return begin_command();
    case iscsi::Opcode::data_out:
      return begin_data_out();
    default:
      return begin_request();
  }
}

// Is the PDU one of those that bring data, or that an initiator may prefer to them?
bool FullFeaturePhase::at_command_or_data() const {
  const iscsi::Opcode kind = reader_.header().kind();
  return kind == iscsi::Opcode::scsi_command || kind == iscsi::Opcode::data_out;
}

bool FullFeaturePhase::take_complete() {
  if (at_command_or_data()) data_out_watch_.received(iscsi::header_length + reader_.data_length());
  switch (receiving_.what) {
    case Receiving::What::nothing:
      return true;
    case Receiving::What::command:
      return finish_command_pdu();
    case Receiving::What::data_out:
      return finish_data_out();
    case Receiving::What::request:
      return finish_request();
  }
  return true;
}

// Everything that may still be under way is ended and awaited: the reader by the shutdown, commands by core, sends and
// task management by the gate.
Task<void> FullFeaturePhase::finish() {
  lost_ = true;
  socket_.shutdown();
  keep_alive_.stop();
  data_out_watch_.stop();
  close_timer_.cancel();
  sender_.give_up();
  for (const Held& held : std::exchange(held_, {})) {
    if (held.command != nullptr) drop(*held.command);
  }
  if (receiving_.command != nullptr) drop(*std::exchange(receiving_.command, nullptr));
  if (nexus_ != nullptr) co_await target_->close_nexus(nexus_);
  co_await gate_.close();
  commands_.for_each([this](IscsiCommand& command) { commands_.destroy(command); });
}

void FullFeaturePhase::close(std::string_view why) {
  if (lost_) return;
  lost_ = true;
  reason_ = why;
  socket_.shutdown();
  may_read_.set();
}

void FullFeaturePhase::close_when_sent(std::string_view why) {
  if (lost_ || closing_when_sent_) return;
  closing_when_sent_ = true;
  reason_ = why;
  close_timer_.arm(longest_farewell);
  if (sender_.idle()) close(why);
}

void FullFeaturePhase::close_now(void* self) {
  auto& phase = *static_cast<FullFeaturePhase*>(self);
  phase.close(phase.reason_);
}

void FullFeaturePhase::drained() {
  if (closing_when_sent_) close(reason_);
}

void FullFeaturePhase::sent(Outgoing& outgoing) {
  if (outgoing.kind == Outgoing::Kind::command) {
    command_sent(static_cast<IscsiCommand&>(outgoing));
  } else {
    const std::unique_ptr<SmallPdu> pdu(&static_cast<SmallPdu&>(outgoing));
    if (pdu->asks_for_life) keep_alive_.ping_sent(socket_.sent());
    --small_pdus_;
    small_bytes_ -= pdu->data.size();
  }
  if (!must_pause()) may_read_.set();
}

void FullFeaturePhase::queue_small(std::unique_ptr<SmallPdu> pdu) {
  ++small_pdus_;
  small_bytes_ += pdu->data.size();
  sender_.queue(*pdu.release());
}

// RFC 7143, 11.9: the initiator is told that its connections are dropped, and when it may come back.
void FullFeaturePhase::end(SessionEnd reason) {
  if (lost_ || closing_when_sent_) return;
  if (!running_) {
    end_before_run_ = reason;
    return;
  }
  if (reason == SessionEnd::reinstated) return close("reinstated by a new login");
  iscsi::AsynchronousMessageHeader header;
  header.async_event = static_cast<std::uint8_t>(iscsi::AsynchronousEvent::all_connections_dropped);
  header.parameter_2 = static_cast<std::uint16_t>(parameters_.default_time2wait);
  auto pdu = std::make_unique<SmallPdu>();
  pdu->header = std::bit_cast<iscsi::BasicHeader>(header);
  queue_small(std::move(pdu));
  close_when_sent(reason == SessionEnd::target_reset ? "target reset" : "closed by the administrator");
}

bool FullFeaturePhase::is_held(std::uint32_t cmd_sn) const {
  for (const Held& held : held_) {
    if (held.cmd_sn == cmd_sn) return true;
  }
  return false;
}

std::size_t FullFeaturePhase::held_data() const {
  std::size_t bytes = 0;
  for (const Held& held : held_) bytes += held.data.size();
  return bytes;
}

bool FullFeaturePhase::take_in_order() {
  window_.take();
  for (std::size_t i = 0; i < held_.size();) {
    if (held_[i].cmd_sn != window_.expected()) {
      ++i;
      continue;
    }
    Held held = std::move(held_[i]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i));
    window_.take();
    i = 0;
    if (held.aborted) {
      window_.answered();
    } else if (held.command != nullptr) {
      start(*held.command);
    } else if (!perform(held.header, held.data)) {
      return false;
    }
  }
  return true;
}

}  // namespace tgt
