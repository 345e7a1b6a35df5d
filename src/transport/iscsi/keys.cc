// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/keys.h"

#include <algorithm>
#include <charconv>

namespace tgt {
namespace {

constexpr std::uint32_t longest_segment = (1u << 24) - 1;
constexpr std::uint8_t everywhere = security_stage | operational_stage | full_feature_phase;
constexpr std::uint8_t in_login = security_stage | operational_stage;

struct NumberTerms {
  std::uint32_t standard;  // when nobody says anything
  std::uint32_t ours;
  std::uint32_t lowest;
  std::uint32_t highest;
};

constexpr TextKey number(KeyId id, std::string_view name, KeyKind kind, NumberTerms terms) {
  return {.id = id,
          .name = name,
          .kind = kind,
          .phases = operational_stage,
          .standard_default = terms.standard,
          .target_default = terms.ours,
          .lowest = terms.lowest,
          .highest = terms.highest,
          .able_lowest = terms.lowest,
          .able_highest = terms.highest};
}
constexpr TextKey boolean(KeyId id, std::string_view name, KeyKind kind, bool standard, bool ours) {
  return number(id, name, kind, {standard ? 1u : 0u, ours ? 1u : 0u, 0, 1});
}
constexpr TextKey special(KeyId id, std::string_view name, KeyKind kind, std::uint8_t phases) {
  return {.id = id, .name = name, .kind = kind, .phases = phases};
}
constexpr TextKey irrelevant_in_discovery(TextKey key) {
  key.irrelevant_in_discovery = true;
  return key;
}
// The part of the legal range that this target can do.
constexpr TextKey able(TextKey key, std::uint32_t lowest, std::uint32_t highest) {
  key.able_lowest = lowest;
  key.able_highest = highest;
  return key;
}
constexpr TextKey also_in_full_feature(TextKey key) {
  key.phases |= full_feature_phase;
  return key;
}

constexpr auto minimum = KeyKind::number_minimum;
constexpr auto maximum = KeyKind::number_maximum;
constexpr auto declared = KeyKind::number_declared;
constexpr auto either_says_yes = KeyKind::boolean_or;
constexpr auto both_say_yes = KeyKind::boolean_and;
constexpr auto any_digest = static_cast<std::uint32_t>(DigestChoice::either);

// One connection a session, ErrorRecoveryLevel 0, data in order: those are the limits of `able`. Markers are gone
// (RFC 7143, 13.25): IFMarker and OFMarker may be answered No, the intervals must be answered Reject. iSER keys are
// kept for `tgtadm`; over TCP they end in No or Irrelevant.
constexpr std::array<TextKey, key_count> table = {{
    also_in_full_feature(number(KeyId::max_recv_data_segment_length, "MaxRecvDataSegmentLength", declared,
                                {8192, 262144, 512, longest_segment})),
    number(KeyId::header_digest, "HeaderDigest", KeyKind::digest, {0, any_digest, 0, any_digest}),
    number(KeyId::data_digest, "DataDigest", KeyKind::digest, {0, any_digest, 0, any_digest}),
    irrelevant_in_discovery(boolean(KeyId::initial_r2t, "InitialR2T", either_says_yes, true, false)),
    able(irrelevant_in_discovery(number(KeyId::max_outstanding_r2t, "MaxOutstandingR2T", minimum, {1, 16, 1, 65535})),
         1, 16),
    irrelevant_in_discovery(boolean(KeyId::immediate_data, "ImmediateData", both_say_yes, true, true)),
    irrelevant_in_discovery(
        number(KeyId::first_burst_length, "FirstBurstLength", minimum, {65536, 262144, 512, longest_segment})),
    irrelevant_in_discovery(
        number(KeyId::max_burst_length, "MaxBurstLength", minimum, {262144, 1048576, 512, longest_segment})),
    able(irrelevant_in_discovery(boolean(KeyId::data_pdu_in_order, "DataPDUInOrder", either_says_yes, true, true)), 1,
         1),
    able(irrelevant_in_discovery(
             boolean(KeyId::data_sequence_in_order, "DataSequenceInOrder", either_says_yes, true, true)),
         1, 1),
    able(number(KeyId::error_recovery_level, "ErrorRecoveryLevel", minimum, {0, 0, 0, 2}), 0, 0),
    able(boolean(KeyId::if_marker, "IFMarker", both_say_yes, false, false), 0, 0),
    able(boolean(KeyId::of_marker, "OFMarker", both_say_yes, false, false), 0, 0),
    number(KeyId::default_time2wait, "DefaultTime2Wait", maximum, {2, 2, 0, 3600}),
    number(KeyId::default_time2retain, "DefaultTime2Retain", minimum, {20, 20, 0, 3600}),
    number(KeyId::of_mark_int, "OFMarkInt", KeyKind::refused, {2048, 2048, 1, 65535}),
    number(KeyId::if_mark_int, "IFMarkInt", KeyKind::refused, {2048, 2048, 1, 65535}),
    able(irrelevant_in_discovery(number(KeyId::max_connections, "MaxConnections", minimum, {1, 1, 1, 65535})), 1, 1),
    boolean(KeyId::rdma_extensions, "RDMAExtensions", both_say_yes, false, true),
    number(KeyId::target_recv_data_segment_length, "TargetRecvDataSegmentLength", declared,
           {8192, 262144, 512, longest_segment}),
    number(KeyId::initiator_recv_data_segment_length, "InitiatorRecvDataSegmentLength", declared,
           {8192, 262144, 512, longest_segment}),
    number(KeyId::max_outstanding_unexpected_pdus, "MaxOutstandingUnexpectedPDUs", declared, {0, 0, 0, 0xffffffff}),
    irrelevant_in_discovery(number(KeyId::iscsi_protocol_level, "iSCSIProtocolLevel", minimum, {1, 2, 0, 31})),
    irrelevant_in_discovery(
        special(KeyId::task_reporting, "TaskReporting", KeyKind::task_reporting, operational_stage)),
    special(KeyId::auth_method, "AuthMethod", KeyKind::auth_method, security_stage),
    special(KeyId::initiator_name, "InitiatorName", KeyKind::text, in_login),
    special(KeyId::initiator_alias, "InitiatorAlias", KeyKind::text, everywhere),
    special(KeyId::target_name, "TargetName", KeyKind::text, in_login),
    special(KeyId::target_alias, "TargetAlias", KeyKind::only_target, everywhere),
    special(KeyId::target_address, "TargetAddress", KeyKind::only_target, everywhere),
    special(KeyId::target_portal_group_tag, "TargetPortalGroupTag", KeyKind::only_target, in_login),
    special(KeyId::session_type, "SessionType", KeyKind::text, in_login),
    special(KeyId::send_targets, "SendTargets", KeyKind::text, full_feature_phase),
}};

constexpr bool in_order_of_id() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].id != static_cast<KeyId>(i)) return false;
  }
  return true;
}
static_assert(in_order_of_id());

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::span<const TextKey, key_count> text_keys() { return table; }

const TextKey* find_text_key(std::string_view name) {
  const auto* row = std::find_if(table.begin(), table.end(), [&](const TextKey& key) { return key.name == name; });
  return row == table.end() ? nullptr : row;
}

const TextKey* find_text_key_any_case(std::string_view name) {
  const auto* row =
      std::find_if(table.begin(), table.end(), [&](const TextKey& key) { return equal_in_any_case(key.name, name); });
  return row == table.end() ? nullptr : row;
}

std::array<std::uint32_t, key_count> default_key_values() {
  std::array<std::uint32_t, key_count> values{};
  for (const TextKey& key : table) values[static_cast<std::size_t>(key.id)] = key.target_default;
  return values;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "Yes") return true;
  if (text == "No") return false;
  return std::nullopt;
}

std::optional<DigestChoice> parse_digest_choice(std::string_view text) {
  if (text == "None") return DigestChoice::none;
  if (text == "CRC32C") return DigestChoice::crc32c;
  if (text == "CRC32C,None" || text == "None,CRC32C") return DigestChoice::either;
  return std::nullopt;
}

std::string_view text_of(DigestChoice choice) {
  switch (choice) {
    case DigestChoice::none:
      return "None";
    case DigestChoice::crc32c:
      return "CRC32C";
    case DigestChoice::either:
      return "CRC32C,None";
  }
  return "None";
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace tgt
