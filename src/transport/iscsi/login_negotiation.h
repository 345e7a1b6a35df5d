// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "core/target_registry.h"
#include "transport/iscsi/authentication.h"
#include "transport/iscsi/negotiation.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/security_negotiation.h"
#include "transport/iscsi/session_table.h"
#include "transport/iscsi/text.h"

namespace tgt {

// The target's side of one login (RFC 7143, 6.3): takes login requests and makes login responses. It knows no socket;
// whoever has one feeds it, and opens the nexus when it is `ready`.
class LoginNegotiation {
 public:
  struct Surroundings {
    TargetRegistry& targets;
    IscsiTargetParametersStore& parameters;
    const IscsiAuthentication& authentication;
    IscsiSessionTable& sessions;
    std::uint16_t portal_group_tag = 1;  // of the portal that the initiator came to
  };
  LoginNegotiation(const Surroundings& surroundings, const Endpoint& initiator_address)
      : surroundings_(surroundings), initiator_address_(initiator_address) {}

  enum class Progress : std::uint8_t {
    go_on,   // send the answer and read the next request
    ready,   // all is agreed: open the session, then send the answer, or refuse()
    failed,  // send the answer and close the connection
  };
  struct Answer {
    Progress progress = Progress::go_on;
    iscsi::LoginResponseHeader header{};
    std::string text;
  };
  // `text` is the request's data segment, without padding.
  Answer answer(const iscsi::LoginRequestHeader& request, std::string_view text);
  // The answer to something that may not come during login, or when the session could not be opened.
  Answer refuse(iscsi::LoginStatus status);

  // Why the last answer was a refusal, for the log.
  std::string_view reason() const { return reason_; }

  // --- once ready
  SessionType session_type() const { return type_; }
  const std::shared_ptr<Target>& target() const { return target_; }  // null for a discovery session
  const std::shared_ptr<const IscsiTargetParameters>& target_parameters() const { return parameters_; }
  const IscsiSessionParameters& agreed() const { return negotiation_->agreed(); }
  const InitiatorPortIdentity& initiator() const { return initiator_; }
  const std::string& initiator_alias() const { return initiator_alias_; }
  std::uint16_t connection_id() const { return connection_id_; }
  std::uint32_t exp_cmd_sn() const { return cmd_sn_; }
  // The StatSN of the answer; the next PDU has one more.
  std::uint32_t stat_sn() const { return stat_sn_ - 1; }

 private:
  using Status = iscsi::LoginStatus;
  // Nothing: go on. Otherwise the login ends with that status.
  std::optional<Status> check_header(const iscsi::LoginRequestHeader& request);
  std::optional<Status> check_stage(const iscsi::LoginRequestHeader& request);
  std::optional<Status> take_text(std::string_view text, std::string& answer);
  std::optional<Status> identify(const std::vector<TextPair>& pairs, std::string& answer);
  std::optional<Status> find_target(std::string& answer);
  std::optional<Status> admit(std::string& answer);
  std::optional<Status> take_pair(const TextPair& pair, std::string& answer);
  std::optional<Status> finish_stage(std::string& answer, std::optional<iscsi::LoginStage>& next);
  std::optional<Status> refusal(Status status, std::string_view why);
  Answer send_unsent(const iscsi::LoginRequestHeader& request);
  Answer make_answer(std::string text, std::optional<iscsi::LoginStage> next);
  Answer fail(Status status, std::string text);

  Surroundings surroundings_;
  Endpoint initiator_address_;
  iscsi::LoginStage stage_ = iscsi::LoginStage::security_negotiation;
  unsigned requests_ = 0;
  bool identified_ = false;
  std::string received_;  // text of requests that said that more follows
  std::string unsent_;    // of an answer too long for one response

  SessionType type_ = SessionType::normal;
  InitiatorPortIdentity initiator_;
  std::string initiator_alias_;
  std::string target_name_;
  std::shared_ptr<Target> target_;
  std::shared_ptr<const IscsiTargetParameters> parameters_;
  std::optional<KeyNegotiation> negotiation_;
  SecurityNegotiation security_;
  std::uint16_t connection_id_ = 0;
  std::uint16_t tsih_ = 0;
  std::uint32_t initiator_task_tag_ = 0;
  std::uint32_t cmd_sn_ = 0;
  std::uint32_t stat_sn_ = 0;
  std::string_view reason_;
};

}  // namespace tgt
