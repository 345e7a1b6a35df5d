// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/login_phase.h"

#include <array>
#include <utility>

namespace tgt {

using iscsi::LoginStatus;

namespace {

std::string_view reason_for(Target::NexusRefusal refusal) {
  switch (refusal) {
    case Target::NexusRefusal::offline:
      return "the target is offline";
    case Target::NexusRefusal::removed:
      return "the target was removed";
    case Target::NexusRefusal::overtaken:
      return "overtaken by a newer login of the same initiator port";
    case Target::NexusRefusal::earlier_stays:
      return "the earlier session of the same initiator port does not end";
  }
  return "refused";
}

LoginStatus status_for(Target::NexusRefusal refusal) {
  return refusal == Target::NexusRefusal::removed ? LoginStatus::target_removed : LoginStatus::service_unavailable;
}

}  // namespace

Task<std::unique_ptr<FullFeaturePhase>> LoginPhase::run() {
  for (;;) {
    std::string text;
    const bool read = co_await read_request(text);
    if (!read) co_return nullptr;
    auto answer = negotiation_->answer(reader_.header_as<iscsi::LoginRequestHeader>(), text);
    std::unique_ptr<FullFeaturePhase> phase;
    if (reader_.holds_bytes() && answer.progress != LoginNegotiation::Progress::failed) {
      reason_ = "more than one request at a time during login";
      answer = negotiation_->refuse(LoginStatus::initiator_error);
    }
    if (answer.progress == LoginNegotiation::Progress::ready) {
      auto opened = co_await open_session(answer);
      phase = std::move(opened);
    }
    if (answer.progress == LoginNegotiation::Progress::failed && reason_.starts_with("closed by")) {
      reason_ = negotiation_->reason();
    }
    const bool sent = co_await send(answer);
    if (phase != nullptr) {
      // The session exists; if the answer could not be sent, its phase finds the connection lost and gives it back.
      co_return std::move(phase);
    }
    if (!sent || answer.progress == LoginNegotiation::Progress::failed) co_return nullptr;
  }
}

// Reads one login request; false when the connection has ended or brought something else.
Task<bool> LoginPhase::read_request(std::string& text) {
  const bool read = co_await read_pdu(text);
  if (!read) co_return false;
  if (reader_.header().kind() == iscsi::Opcode::login_request) {
    if (negotiation_ == nullptr) {
      negotiation_ = std::make_unique<LoginNegotiation>(
          LoginNegotiation::Surroundings{services_.targets, services_.parameters, services_.authentication,
                                         services_.sessions, portal_group_tag()},
          socket_.peer_endpoint());
    }
    co_return true;
  }
  // RFC 7143, 6.3.1: before the first login request nothing is answered.
  reason_ = "a PDU that is no login request";
  if (negotiation_ == nullptr) co_return false;
  const auto refusal = negotiation_->refuse(LoginStatus::invalid_during_login);
  co_await send(refusal);
  co_return false;
}

Task<bool> LoginPhase::read_pdu(std::string& text) {
  for (;;) {
    switch (reader_.next()) {
      case PduReader::Event::header:
        text.resize(reader_.data_length());
        reader_.put_data(MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
        continue;
      case PduReader::Event::complete:
        co_return true;
      case PduReader::Event::wants_more:
        break;
      case PduReader::Event::bad_header_digest:
      case PduReader::Event::segment_too_long:
        reason_ = "a login PDU that is too long";
        co_return false;
    }
    const auto received = co_await socket_.receive(reader_.room());
    if (!received || *received == 0) co_return false;
    reader_.received(*received);
  }
}

// Each portal group is a target port of its own (RFC 7143, 3.4.1): the tag is its relative target port identifier.
std::uint16_t LoginPhase::portal_group_tag() const { return services_.portals.group_tag_of(socket_.local_endpoint()); }

Task<bool> LoginPhase::send(const LoginNegotiation::Answer& answer) {
  static constexpr std::array<std::uint8_t, 3> zeros{};
  iscsi::LoginResponseHeader header = answer.header;
  header.data_segment_length = static_cast<std::uint32_t>(answer.text.size());
  const Bytes text(reinterpret_cast<const std::uint8_t*>(answer.text.data()), answer.text.size());
  std::array<IoVector, 3> vectors = {io_vector(bytes_of(header)), io_vector(text),
                                     io_vector(Bytes(zeros).first((4 - text.size() % 4) % 4))};
  const auto sent = co_await socket_.send_all(vectors);
  co_return sent.has_value();
}

Task<std::unique_ptr<FullFeaturePhase>> LoginPhase::open_session(LoginNegotiation::Answer& answer) {
  const LoginNegotiation& login = *negotiation_;
  auto handle = services_.sessions.allocate({.initiator_name = login.initiator().name,
                                             .target_name = login.target() ? login.target()->name() : std::string(),
                                             .isid = login.initiator().isid});
  if (!handle) {
    reason_ = "too many sessions";
    answer = negotiation_->refuse(LoginStatus::out_of_resources);
    co_return nullptr;
  }
  handle_ = std::move(*handle);
  answer.header.tsih = handle_.tsih();
  auto phase = std::make_unique<FullFeaturePhase>(shard_, socket_, services_, login);
  if (login.target() == nullptr) co_return std::move(phase);
  Nexus::Properties properties{.id = services_.targets.next_nexus_id(),
                               .initiator = login.initiator(),
                               .initiator_alias = login.initiator_alias(),
                               .initiator_address = socket_.peer_endpoint().address_text(),
                               .connection_id = login.connection_id(),
                               .relative_target_port = portal_group_tag()};
  auto nexus = co_await login.target()->open_nexus(shard_, *phase, std::move(properties));
  if (!nexus) {
    reason_ = reason_for(nexus.error());
    answer = negotiation_->refuse(status_for(nexus.error()));
    co_return nullptr;
  }
  phase->set_nexus(std::move(*nexus));
  co_return std::move(phase);
}

}  // namespace tgt
