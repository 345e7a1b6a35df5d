// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/text_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tgt::bench {
namespace {

std::string yes_or_no(bool value) { return value ? "Yes" : "No"; }
std::string digest_name(bool wanted) { return wanted ? "CRC32C" : "None"; }

Result<void> set_number(std::uint32_t& field, std::string_view key, std::string_view value) {
  std::uint32_t number = 0;
  const int base = value.starts_with("0x") || value.starts_with("0X") ? 16 : 10;
  const std::string_view digits = base == 16 ? value.substr(2) : value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc{} || end != digits.data() + digits.size() || number == 0) {
    return fault(fmt::format("the target answered {}={}, which is no length", key, value));
  }
  field = number;
  return {};
}

Result<void> set_choice(bool& field, std::string_view key, std::string_view value) {
  if (value == "Yes" || value == "CRC32C") {
    field = true;
  } else if (value == "No" || value == "None") {
    field = false;
  } else {
    return fault(fmt::format("the target answered {}={}, which was not offered", key, value));
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> encode_keys(const TextKeys& keys) {
  std::vector<std::uint8_t> text;
  for (const auto& [key, value] : keys) {
    text.insert(text.end(), key.begin(), key.end());
    text.push_back('=');
    text.insert(text.end(), value.begin(), value.end());
    text.push_back('\0');
  }
  return text;
}

Result<TextKeys> decode_keys(std::span<const std::uint8_t> text) {
  TextKeys keys;
  while (!text.empty()) {
    const auto end = std::ranges::find(text, std::uint8_t{0});
    if (end == text.end()) return fault("the target's text ends without a terminator");
    const std::string pair(text.begin(), end);
    text = text.subspan(pair.size() + 1);
    if (pair.empty()) continue;  // some targets pad with extra NULs
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) return fault("the target's text has a pair without a key: " + pair);
    keys.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return keys;
}

TextKeys offer_of(const OperationalKeys& wanted) {
  return {
      {"HeaderDigest", digest_name(wanted.header_digest)},
      {"DataDigest", digest_name(wanted.data_digest)},
      {"InitialR2T", yes_or_no(wanted.initial_r2t)},
      {"ImmediateData", yes_or_no(wanted.immediate_data)},
      {"MaxRecvDataSegmentLength", std::to_string(wanted.max_recv_data_segment_length)},
      {"MaxBurstLength", std::to_string(wanted.max_burst_length)},
      {"FirstBurstLength", std::to_string(wanted.first_burst_length)},
      {"MaxOutstandingR2T", std::to_string(wanted.max_outstanding_r2t)},
      {"MaxConnections", "1"},
      {"ErrorRecoveryLevel", "0"},
      {"DefaultTime2Wait", "2"},
      {"DefaultTime2Retain", "0"},
      {"DataPDUInOrder", "Yes"},
      {"DataSequenceInOrder", "Yes"},
  };
}

Result<void> apply_answer(OperationalKeys& agreed, std::string_view key, std::string_view value) {
  if (value == "Irrelevant") return {};
  if (key == "HeaderDigest") return set_choice(agreed.header_digest, key, value);
  if (key == "DataDigest") return set_choice(agreed.data_digest, key, value);
  if (key == "InitialR2T") return set_choice(agreed.initial_r2t, key, value);
  if (key == "ImmediateData") return set_choice(agreed.immediate_data, key, value);
  if (key == "MaxRecvDataSegmentLength") return set_number(agreed.max_recv_data_segment_length, key, value);
  if (key == "MaxBurstLength") return set_number(agreed.max_burst_length, key, value);
  if (key == "FirstBurstLength") return set_number(agreed.first_burst_length, key, value);
  if (key == "MaxOutstandingR2T") return set_number(agreed.max_outstanding_r2t, key, value);
  return {};
}

}  // namespace tgt::bench
