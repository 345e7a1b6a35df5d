// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/negotiation.h"

#include <algorithm>
#include <array>

#include "transport/iscsi/text.h"

namespace tgt {
namespace {

constexpr std::array digest_keys = {KeyId::header_digest, KeyId::data_digest};

constexpr std::size_t index_of(KeyId key) { return static_cast<std::size_t>(key); }

bool is_iser_only(KeyId key) {
  return key == KeyId::target_recv_data_segment_length || key == KeyId::initiator_recv_data_segment_length ||
         key == KeyId::max_outstanding_unexpected_pdus;
}

}  // namespace

Result<void, iscsi::LoginStatus> KeyNegotiation::take(const TextKey& key, std::string_view value, std::string& answer) {
  // 6.3: no parameter is declared or negotiated twice.
  if (taken_[index_of(key.id)]) return failure(iscsi::LoginStatus::initiator_error);
  taken_[index_of(key.id)] = true;
  const std::string text = answer_for(key, value);
  if (key.kind == KeyKind::number_declared && text == "Reject") return failure(iscsi::LoginStatus::initiator_error);
  const bool is_answer_to_our_offer = offered_[index_of(key.id)];
  if (!text.empty() && !is_answer_to_our_offer) append_pair(answer, key.name, text);
  return {};
}

std::string KeyNegotiation::answer_for(const TextKey& key, std::string_view value) {
  if (key.irrelevant_in_discovery && type_ == SessionType::discovery) return "Irrelevant";
  if (is_iser_only(key.id)) return "Irrelevant";
  switch (key.kind) {
    case KeyKind::number_minimum:
    case KeyKind::number_maximum:
    case KeyKind::number_declared:
      return agree_number(key, value);
    case KeyKind::boolean_or:
    case KeyKind::boolean_and:
      return agree_boolean(key, value);
    case KeyKind::digest:
      return agree_digest(key, value);
    case KeyKind::task_reporting:
      return std::string(first_of_list(value, [](auto item) { return item == "RFC3720"; })).empty() ? "Reject"
                                                                                                    : "RFC3720";
    case KeyKind::refused:
    case KeyKind::only_target:
    case KeyKind::text:
    case KeyKind::auth_method:
      return "Reject";
  }
  return "Reject";
}

std::string KeyNegotiation::agree_number(const TextKey& key, std::string_view value) {
  const auto number = parse_number(value);
  if (!number || *number < key.lowest || *number > key.highest) return "Reject";
  if (key.kind == KeyKind::number_declared) {
    store(key.id, *number);
    return {};
  }
  const std::uint32_t ours = target_->value(key.id);
  const std::uint32_t result = key.kind == KeyKind::number_minimum ? std::min(*number, ours) : std::max(*number, ours);
  store(key.id, result);
  return std::to_string(result);
}

std::string KeyNegotiation::agree_boolean(const TextKey& key, std::string_view value) {
  const auto theirs = parse_boolean(value);
  if (!theirs) return "Reject";
  // RDMAExtensions ends in No over TCP, whatever is configured for iSER.
  const bool ours = target_->value(key.id) != 0 && key.id != KeyId::rdma_extensions;
  const bool result = key.kind == KeyKind::boolean_or ? *theirs || ours : *theirs && ours;
  store(key.id, result ? 1 : 0);
  return result ? "Yes" : "No";
}

std::string KeyNegotiation::agree_digest(const TextKey& key, std::string_view value) {
  const DigestChoice choice = target_->digest(key.id);
  const std::string_view first = first_of_list(value, [&](std::string_view item) {
    return (item == "CRC32C" && choice != DigestChoice::none) || (item == "None" && choice != DigestChoice::crc32c);
  });
  if (first.empty()) return "Reject";
  store(key.id, first == "CRC32C" ? 1 : 0);
  return std::string(first);
}

void KeyNegotiation::store(KeyId key, std::uint32_t value) {
  switch (key) {
    case KeyId::max_recv_data_segment_length:
      agreed_.initiator_max_recv_data_segment_length = value;
      break;
    case KeyId::header_digest:
      agreed_.header_digest = value != 0;
      break;
    case KeyId::data_digest:
      agreed_.data_digest = value != 0;
      break;
    case KeyId::initial_r2t:
      agreed_.initial_r2t = value != 0;
      break;
    case KeyId::immediate_data:
      agreed_.immediate_data = value != 0;
      break;
    case KeyId::max_outstanding_r2t:
      agreed_.max_outstanding_r2t = value;
      break;
    case KeyId::first_burst_length:
      agreed_.first_burst_length = value;
      break;
    case KeyId::max_burst_length:
      agreed_.max_burst_length = value;
      break;
    case KeyId::default_time2wait:
      agreed_.default_time2wait = value;
      break;
    default:
      break;  // the target can do one value only, or does the same whatever is agreed
  }
}

void KeyNegotiation::declare(std::string& answer) {
  if (declared_) return;
  declared_ = true;
  agreed_.target_max_recv_data_segment_length = target_->value(KeyId::max_recv_data_segment_length);
  append_pair(answer, text_key(KeyId::max_recv_data_segment_length).name,
              std::to_string(agreed_.target_max_recv_data_segment_length));
}

bool KeyNegotiation::offer_mandatory_digests(std::string& answer) {
  bool offered_any = false;
  for (const KeyId key : digest_keys) {
    if (target_->digest(key) != DigestChoice::crc32c || taken_[index_of(key)] || offered_[index_of(key)]) continue;
    offered_[index_of(key)] = true;
    offered_any = true;
    append_pair(answer, text_key(key).name, "CRC32C");
  }
  return offered_any;
}

bool KeyNegotiation::mandatory_digests_agreed() const {
  return (target_->digest(KeyId::header_digest) != DigestChoice::crc32c || agreed_.header_digest) &&
         (target_->digest(KeyId::data_digest) != DigestChoice::crc32c || agreed_.data_digest);
}

}  // namespace tgt
