// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tgt {

// The text keys of RFC 7143 (13), RFC 7144 (iSCSIProtocolLevel) and RFC 7145 (iSER). The first twenty-two are those
// that `tgtadm --op show --mode target --tid N` lists, in its order.
enum class KeyId : std::uint8_t {
  max_recv_data_segment_length,
  header_digest,
  data_digest,
  initial_r2t,
  max_outstanding_r2t,
  immediate_data,
  first_burst_length,
  max_burst_length,
  data_pdu_in_order,
  data_sequence_in_order,
  error_recovery_level,
  if_marker,
  of_marker,
  default_time2wait,
  default_time2retain,
  of_mark_int,
  if_mark_int,
  max_connections,
  rdma_extensions,
  target_recv_data_segment_length,
  initiator_recv_data_segment_length,
  max_outstanding_unexpected_pdus,
  iscsi_protocol_level,
  task_reporting,
  auth_method,
  initiator_name,
  initiator_alias,
  target_name,
  target_alias,
  target_address,
  target_portal_group_tag,
  session_type,
  send_targets,
  x_reserved,  // none: how many there are
};
inline constexpr std::size_t key_count = static_cast<std::size_t>(KeyId::x_reserved);
inline constexpr std::size_t listed_key_count = static_cast<std::size_t>(KeyId::iscsi_protocol_level);

// How the two sides come to one value (RFC 7143, 6.2).
enum class KeyKind : std::uint8_t {
  number_minimum,   // the smaller of the two
  number_maximum,   // the larger
  number_declared,  // each side says its own; nothing is agreed
  boolean_or,
  boolean_and,
  digest,          // the first of the initiator's list that the target takes
  task_reporting,  // the same, of RFC3720, ResponseFence and FastAbort
  auth_method,     // the same, decided by the login
  refused,         // always answered Reject (RFC 7143, 13.25)
  text,            // a name or alias that the login reads itself
  only_target,     // an initiator that sends it makes a mistake
};

// Where a key may be sent by an initiator.
enum KeyPhase : std::uint8_t { security_stage = 1, operational_stage = 2, full_feature_phase = 4 };

// Which digests a target takes.
enum class DigestChoice : std::uint8_t { none, crc32c, either };

// One row. Booleans count as 0 and 1, digests as DigestChoice.
struct TextKey {
  KeyId id{};
  std::string_view name{};
  KeyKind kind{};
  std::uint8_t phases = 0;
  std::uint32_t standard_default = 0;  // in force when neither side says anything
  std::uint32_t target_default = 0;    // what a target offers unless configured otherwise
  std::uint32_t lowest = 0;            // the range of a legal value ...
  std::uint32_t highest = 0;
  std::uint32_t able_lowest = 0;  // ... and the part of it that this target can do
  std::uint32_t able_highest = 0;
  bool irrelevant_in_discovery = false;
};

std::span<const TextKey, key_count> text_keys();
inline const TextKey& text_key(KeyId id) { return text_keys()[static_cast<std::size_t>(id)]; }
// As it is written in the RFC: keys are case-sensitive on the wire (6.1).
const TextKey* find_text_key(std::string_view name);
// For the administrator, who may write it in any case.
const TextKey* find_text_key_any_case(std::string_view name);

std::array<std::uint32_t, key_count> default_key_values();

// Values in text (RFC 7143, 6.1): decimal or 0x hexadecimal constants, "Yes" and "No", digest lists.
std::optional<std::uint32_t> parse_number(std::string_view text);
std::optional<bool> parse_boolean(std::string_view text);
std::optional<DigestChoice> parse_digest_choice(std::string_view text);
std::string_view text_of(DigestChoice choice);

bool equal_in_any_case(std::string_view a, std::string_view b);

}  // namespace tgt
