// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/iscsi/keys.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/target_parameters.h"

namespace tgt {

enum class SessionType : std::uint8_t { normal, discovery };

// What a session has agreed on. Until then the defaults of the RFC hold.
struct IscsiSessionParameters {
  std::uint32_t initiator_max_recv_data_segment_length = 8192;
  std::uint32_t target_max_recv_data_segment_length = 8192;
  bool header_digest = false;
  bool data_digest = false;
  bool initial_r2t = true;
  bool immediate_data = true;
  std::uint32_t max_outstanding_r2t = 1;
  std::uint32_t first_burst_length = 65536;
  std::uint32_t max_burst_length = 262144;
  std::uint32_t default_time2wait = 2;
};

// Negotiates the operational keys of one login (RFC 7143, 6.2 and 13): for each key that the initiator sends, the
// answer.
class KeyNegotiation {
 public:
  KeyNegotiation(std::shared_ptr<const IscsiTargetParameters> target, SessionType type)
      : target_(std::move(target)), type_(type) {}

  // Appends the answer to one key, if it wants one. Fails the login when the key was sent before, or when a value that
  // is only declared makes no sense. Keys that the login reads itself (KeyKind::text, auth_method) do not come here.
  Result<void, iscsi::LoginStatus> take(const TextKey& key, std::string_view value, std::string& answer);

  // What the target declares of itself, once, in its first answer of the operational stage.
  void declare(std::string& answer);

  // A digest that the target insists on and that has not been talked about yet: offers it and says true. The login
  // must go on for another round then.
  bool offer_mandatory_digests(std::string& answer);
  // After the last round: false when the initiator has evaded a mandatory digest.
  bool mandatory_digests_agreed() const;

  const IscsiSessionParameters& agreed() const { return agreed_; }

 private:
  std::string answer_for(const TextKey& key, std::string_view value);
  std::string agree_number(const TextKey& key, std::string_view value);
  std::string agree_boolean(const TextKey& key, std::string_view value);
  std::string agree_digest(const TextKey& key, std::string_view value);
  void store(KeyId key, std::uint32_t value);

  std::shared_ptr<const IscsiTargetParameters> target_;
  SessionType type_;
  IscsiSessionParameters agreed_;
  std::bitset<key_count> taken_;
  std::bitset<key_count> offered_;
  bool declared_ = false;
};

// Splits a list value at its commas, trying each item until one is liked.
template <class Liked>
std::string_view first_of_list(std::string_view list, Liked liked) {
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    if (liked(item)) return item;
    if (comma == list.npos) return {};
    list.remove_prefix(comma + 1);
  }
}

}  // namespace tgt
