// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "reactor/socket.h"
#include "transport/iscsi/full_feature_phase.h"
#include "transport/iscsi/login_negotiation.h"
#include "transport/iscsi/pdu_reader.h"
#include "transport/iscsi/services.h"

namespace tgt {

// A connection before it has logged in (RFC 7143, 6.3): reads login requests and answers them, until there is a session
// or a refusal. Takes little memory, for most that says nothing is never heard of again.
class LoginPhase {
 public:
  LoginPhase(Shard& shard, Socket& socket, const IscsiServices& services)
      : shard_(shard), socket_(socket), services_(services), reader_(small_buffer, {}) {}

  // Null: the login has failed, and the connection is to be closed. The final answer has been sent otherwise, and the
  // phase waits to be run.
  Task<std::unique_ptr<FullFeaturePhase>> run();
  // For the log, when it failed.
  std::string_view reason() const { return reason_; }
  std::string initiator() const { return negotiation_ ? negotiation_->initiator().name : std::string(); }
  // What its TSIH is taken from as long as the session lives.
  IscsiSessionTable::Handle take_handle() { return std::move(handle_); }

 private:
  static constexpr std::size_t small_buffer = 1200;

  Task<bool> read_request(std::string& text);
  Task<bool> read_pdu(std::string& text);
  std::uint16_t portal_group_tag() const;
  Task<bool> send(const LoginNegotiation::Answer& answer);
  // Opens the session in core; changes the answer into a refusal when that is not to be had.
  Task<std::unique_ptr<FullFeaturePhase>> open_session(LoginNegotiation::Answer& answer);

  Shard& shard_;
  Socket& socket_;
  const IscsiServices& services_;
  PduReader reader_;
  std::unique_ptr<LoginNegotiation> negotiation_;
  IscsiSessionTable::Handle handle_;
  std::string_view reason_ = "closed by the initiator during login";
};

}  // namespace tgt
