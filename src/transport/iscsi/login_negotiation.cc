// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/login_negotiation.h"

#include <algorithm>
#include <utility>

namespace tgt {
namespace {

using iscsi::LoginStage;
using iscsi::LoginStatus;

// A login that is not done after so many requests never will be.
constexpr unsigned most_requests = 64;
constexpr std::size_t longest_text = std::size_t{64} << 10;
constexpr std::size_t longest_segment = 8192;  // both sides' limit during login
// The last part of an answer has room for the digests that finish_stage() may offer.
constexpr std::size_t longest_part = longest_segment - 64;

constexpr std::uint8_t current_stage_of(std::uint8_t flags) { return (flags >> 2) & 0x3; }
constexpr std::uint8_t next_stage_of(std::uint8_t flags) { return flags & 0x3; }
constexpr bool wants_transit(std::uint8_t flags) { return (flags & iscsi::transit_bit) != 0; }
constexpr bool has_more(std::uint8_t flags) { return (flags & iscsi::continue_bit) != 0; }

const std::string_view* find_value(const std::vector<TextPair>& pairs, std::string_view key) {
  const auto found = std::ranges::find(pairs, key, &TextPair::key);
  return found == pairs.end() ? nullptr : &found->value;
}

}  // namespace

std::optional<LoginStatus> LoginNegotiation::refusal(Status status, std::string_view why) {
  reason_ = why;
  return status;
}

LoginNegotiation::Answer LoginNegotiation::answer(const iscsi::LoginRequestHeader& request, std::string_view text) {
  if (const auto status = check_header(request)) return fail(*status, {});
  if (++requests_ > most_requests) return fail(*refusal(Status::initiator_error, "too many login requests"), {});
  if (!unsent_.empty()) {
    if (!text.empty()) return fail(*refusal(Status::initiator_error, "text while an answer goes on"), {});
    return send_unsent(request);
  }
  if (received_.size() + text.size() > longest_text) {
    return fail(*refusal(Status::initiator_error, "login text too long"), {});
  }
  received_.append(text);
  if (has_more(request.flags)) return make_answer({}, std::nullopt);

  const std::string whole = std::exchange(received_, {});
  if (const auto status = take_text(whole, unsent_)) return fail(*status, std::exchange(unsent_, {}));
  return send_unsent(request);
}

// 6.2: a long answer goes out in parts, each asked for by an empty request. It is the last of these requests that asks
// for a transition or does not.
LoginNegotiation::Answer LoginNegotiation::send_unsent(const iscsi::LoginRequestHeader& request) {
  if (unsent_.size() > longest_part) {
    std::string part = unsent_.substr(0, longest_part);
    unsent_.erase(0, longest_part);
    Answer answer = make_answer(std::move(part), std::nullopt);
    answer.header.flags |= iscsi::continue_bit;
    return answer;
  }
  std::string text = std::exchange(unsent_, {});
  std::optional<LoginStage> next;
  if (wants_transit(request.flags)) next = static_cast<LoginStage>(next_stage_of(request.flags));
  if (const auto status = finish_stage(text, next)) return fail(*status, {});
  return make_answer(std::move(text), next);
}

std::optional<LoginStatus> LoginNegotiation::check_header(const iscsi::LoginRequestHeader& request) {
  if (request.version_min > 0) return refusal(Status::unsupported_version, "version not supported");
  if (wants_transit(request.flags) && has_more(request.flags)) {
    return refusal(Status::initiator_error, "both T and C are set");
  }
  if (requests_ == 0) {
    initiator_.isid = request.isid;
    tsih_ = request.tsih;
    connection_id_ = request.connection_id;
    initiator_task_tag_ = request.initiator_task_tag;
    cmd_sn_ = request.cmd_sn;
    stat_sn_ = request.exp_stat_sn;
    const std::uint8_t first = current_stage_of(request.flags);
    if (first > 1) return refusal(Status::initiator_error, "login begins in no login stage");
    stage_ = static_cast<LoginStage>(first);
  }
  if (request.isid != initiator_.isid || request.tsih != tsih_ || request.connection_id != connection_id_ ||
      request.initiator_task_tag != initiator_task_tag_) {
    return refusal(Status::initiator_error, "ISID, TSIH, CID or task tag changed during login");
  }
  return check_stage(request);
}

std::optional<LoginStatus> LoginNegotiation::check_stage(const iscsi::LoginRequestHeader& request) {
  const auto current = static_cast<LoginStage>(current_stage_of(request.flags));
  if (current != stage_) return refusal(Status::initiator_error, "not the stage that the login is in");
  if (!wants_transit(request.flags)) return std::nullopt;
  const auto next = static_cast<LoginStage>(next_stage_of(request.flags));
  if (next <= current || (next != LoginStage::operational_negotiation && next != LoginStage::full_feature)) {
    return refusal(Status::initiator_error, "no transition to that stage");
  }
  return std::nullopt;
}

std::optional<LoginStatus> LoginNegotiation::take_text(std::string_view text, std::string& answer) {
  const auto pairs = parse_text(text);
  if (!pairs) return refusal(Status::initiator_error, describe(pairs.error()));
  if (!identified_) {
    if (const auto status = identify(*pairs, answer)) return status;
    identified_ = true;
  }
  for (const TextPair& pair : *pairs) {
    if (const auto status = take_pair(pair, answer)) return status;
  }
  if (stage_ == LoginStage::operational_negotiation) negotiation_->declare(answer);
  return std::nullopt;
}

// The first request says who wants to talk to whom (13.4, 13.5, 13.21).
std::optional<LoginStatus> LoginNegotiation::identify(const std::vector<TextPair>& pairs, std::string& answer) {
  const auto* name = find_value(pairs, "InitiatorName");
  if (name == nullptr) return refusal(Status::missing_parameter, "no InitiatorName");
  if (!is_iscsi_name(*name)) return refusal(Status::initiator_error, "InitiatorName is no name");
  initiator_.name = *name;
  if (const auto* alias = find_value(pairs, "InitiatorAlias")) initiator_alias_ = *alias;
  if (const auto* type = find_value(pairs, "SessionType")) {
    if (*type != "Normal" && *type != "Discovery") {
      return refusal(Status::session_type_not_supported, "session type not supported");
    }
    type_ = *type == "Discovery" ? SessionType::discovery : SessionType::normal;
  }
  if (const auto* target = find_value(pairs, "TargetName")) target_name_ = *target;
  if (target_name_.empty() && type_ == SessionType::normal) {
    return refusal(Status::missing_parameter, "no TargetName in a normal session");
  }
  return admit(answer);
}

std::optional<LoginStatus> LoginNegotiation::admit(std::string& answer) {
  if (!surroundings_.targets.online()) return refusal(Status::service_unavailable, "the system is offline");
  if (type_ == SessionType::normal) {
    if (const auto status = find_target(answer)) return status;
  }
  parameters_ = surroundings_.parameters.find(type_ == SessionType::normal ? std::string_view(target_name_) : "");
  negotiation_.emplace(parameters_, type_);
  security_.require_authentication(surroundings_.authentication.required(target_.get()));
  if (tsih_ == 0) return std::nullopt;
  // One connection is all that a session has here, so a login may neither add one nor replace one (11.12.6).
  const IscsiSessionTable::Owner owner{initiator_.name, target_ ? target_->name() : std::string(), initiator_.isid};
  if (surroundings_.sessions.belongs_to(tsih_, owner)) {
    return refusal(Status::too_many_connections, "a session has one connection");
  }
  return refusal(Status::session_does_not_exist, "no such session");
}

std::optional<LoginStatus> LoginNegotiation::find_target(std::string& answer) {
  target_ = surroundings_.targets.find(std::string_view(target_name_));
  if (target_ == nullptr) return refusal(Status::target_not_found, "no such target");
  // Who may not use a target is not told that it exists.
  if (!target_->access().admits(initiator_address_, initiator_.name)) {
    return refusal(Status::target_not_found, "no access rule admits the initiator");
  }
  if (target_->state() == Target::State::offline) {
    return refusal(Status::service_unavailable, "the target is offline");
  }
  const auto redirection = surroundings_.parameters.find(target_name_)->redirection();
  if (!redirection.address.empty()) {
    append_pair(answer, "TargetAddress", redirection.address + ':' + redirection.port);
    return refusal(redirection.permanent ? Status::target_moved_permanently : Status::target_moved_temporarily,
                   "redirected");
  }
  append_pair(answer, "TargetPortalGroupTag", std::to_string(surroundings_.portal_group_tag));
  return std::nullopt;
}

std::optional<LoginStatus> LoginNegotiation::take_pair(const TextPair& pair, std::string& answer) {
  const TextKey* key = find_text_key(pair.key);
  if (key == nullptr) {
    if (security_.take_key(pair.key, pair.value, answer)) return std::nullopt;
    append_pair(answer, pair.key, "NotUnderstood");
    return std::nullopt;
  }
  const auto phase = stage_ == LoginStage::security_negotiation ? security_stage : operational_stage;
  if ((key->phases & phase) == 0) {
    append_pair(answer, key->name, "Reject");
    return std::nullopt;
  }
  if (key->kind == KeyKind::text) {
    const bool changed = (key->id == KeyId::initiator_name && pair.value != initiator_.name) ||
                         (key->id == KeyId::target_name && pair.value != target_name_);
    if (changed) return refusal(Status::initiator_error, "a name changed during login");
    return std::nullopt;
  }
  if (key->kind == KeyKind::only_target) return refusal(Status::initiator_error, "a key that only targets send");
  if (key->kind == KeyKind::auth_method) {
    if (security_.take_method(pair.value, answer) == SecurityNegotiation::Verdict::go_on) return std::nullopt;
    return refusal(Status::authentication_failure, "no authentication method in common");
  }
  const auto taken = negotiation_->take(*key, pair.value, answer);
  if (!taken) return refusal(taken.error(), "a key sent twice, or declared with a bad value");
  return std::nullopt;
}

// `next` is the stage that the initiator wants to go to, and then the one that the login does go to, if any.
std::optional<LoginStatus> LoginNegotiation::finish_stage(std::string& answer, std::optional<LoginStage>& next) {
  if (stage_ == LoginStage::operational_negotiation && !security_.satisfied()) {
    return refusal(Status::authentication_failure, "authentication is required");
  }
  if (!next) return std::nullopt;
  if (!security_.satisfied()) return refusal(Status::authentication_failure, "authentication is required");
  if (*next != LoginStage::full_feature) return std::nullopt;
  // An initiator that goes straight from the security stage leaves all keys at their defaults.
  const bool can_offer = stage_ == LoginStage::operational_negotiation;
  if (can_offer && negotiation_->offer_mandatory_digests(answer)) {
    next.reset();
    return std::nullopt;
  }
  if (negotiation_->mandatory_digests_agreed()) return std::nullopt;
  return refusal(Status::initiator_error, "the target insists on digests");
}

LoginNegotiation::Answer LoginNegotiation::make_answer(std::string text, std::optional<LoginStage> next) {
  Answer answer;
  auto flags = static_cast<unsigned>(stage_) << 2;
  if (next) {
    flags |= iscsi::transit_bit | static_cast<unsigned>(*next);
    stage_ = *next;
  }
  answer.header.flags = static_cast<std::uint8_t>(flags);
  answer.header.isid = initiator_.isid;
  answer.header.tsih = tsih_;
  answer.header.initiator_task_tag = initiator_task_tag_;
  answer.header.stat_sn = stat_sn_++;
  answer.header.exp_cmd_sn = cmd_sn_;
  answer.header.max_cmd_sn = cmd_sn_ + (parameters_ ? parameters_->command_window() - 1 : 0);
  answer.text = std::move(text);
  answer.progress = next == LoginStage::full_feature ? Progress::ready : Progress::go_on;
  return answer;
}

LoginNegotiation::Answer LoginNegotiation::fail(Status status, std::string text) {
  Answer answer;
  answer.progress = Progress::failed;
  answer.header.isid = initiator_.isid;
  answer.header.tsih = tsih_;
  answer.header.initiator_task_tag = initiator_task_tag_;
  answer.header.status = static_cast<std::uint16_t>(status);
  if (status != Status::unsupported_version) {
    answer.header.stat_sn = stat_sn_++;
    answer.header.exp_cmd_sn = cmd_sn_;
    answer.header.max_cmd_sn = cmd_sn_;
  }
  if (text.size() <= longest_segment) answer.text = std::move(text);
  return answer;
}

LoginNegotiation::Answer LoginNegotiation::refuse(iscsi::LoginStatus status) {
  reason_ = "refused";
  return fail(status, {});
}

}  // namespace tgt
