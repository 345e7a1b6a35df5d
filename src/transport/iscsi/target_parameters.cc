// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/target_parameters.h"

#include <algorithm>

#include "reactor/endpoint.h"

namespace tgt {
namespace {

constexpr std::uint32_t smallest_command_window = 1;
constexpr std::uint32_t largest_command_window = 512;
constexpr std::uint32_t smallest_segment = 512;
constexpr std::uint32_t largest_segment = (1u << 24) - 1;
constexpr std::uint32_t longest_keep_alive = 86400;

using SetResult = IscsiTargetParameters::SetResult;

SetResult set_number(std::uint32_t& to, std::string_view text, std::uint32_t lowest, std::uint32_t highest) {
  const auto number = parse_number(text);
  if (!number || *number < lowest || *number > highest) return SetResult::bad_value;
  to = *number;
  return SetResult::done;
}

}  // namespace

SetResult IscsiTargetParameters::set(std::string_view name, std::string_view value) {
  const TextKey* key = find_text_key_any_case(name);
  if (key != nullptr && static_cast<std::size_t>(key->id) < listed_key_count) return set_key(*key, value);
  return set_local(name, value);
}

SetResult IscsiTargetParameters::set_key(const TextKey& key, std::string_view value) {
  std::optional<std::uint32_t> number;
  switch (key.kind) {
    case KeyKind::boolean_or:
    case KeyKind::boolean_and:
      if (const auto boolean = parse_boolean(value)) number = *boolean ? 1 : 0;
      break;
    case KeyKind::digest:
      if (const auto choice = parse_digest_choice(value)) number = static_cast<std::uint32_t>(*choice);
      break;
    default:
      number = parse_number(value);
      break;
  }
  if (!number || *number < key.lowest || *number > key.highest) return SetResult::bad_value;
  // RFC 7145, 6.7: one unexpected PDU is no legal limit.
  if (key.id == KeyId::max_outstanding_unexpected_pdus && *number == 1) return SetResult::bad_value;
  values_[static_cast<std::size_t>(key.id)] = std::clamp(*number, key.able_lowest, key.able_highest);
  return SetResult::done;
}

SetResult IscsiTargetParameters::set_local(std::string_view name, std::string_view value) {
  if (equal_in_any_case(name, "nop_interval")) {
    return set_number(keep_alive_.interval_seconds, value, 0, longest_keep_alive);
  }
  if (equal_in_any_case(name, "nop_count")) return set_number(keep_alive_.count, value, 0, longest_keep_alive);
  if (equal_in_any_case(name, "MaxQueueCmd")) {
    return set_number(command_window_, value, smallest_command_window, largest_command_window);
  }
  if (equal_in_any_case(name, "MaxXmitDataSegmentLength")) {
    return set_number(max_xmit_data_segment_length_, value, smallest_segment, largest_segment);
  }
  if (equal_in_any_case(name, "RedirectAddress")) {
    const std::string bracketed =
        value.find(':') != value.npos && !value.starts_with('[') ? '[' + std::string(value) + ']' : std::string(value);
    if (!value.empty() && !Endpoint::parse(bracketed, 3260)) return SetResult::bad_value;
    redirection_.address = bracketed;
    return SetResult::done;
  }
  if (equal_in_any_case(name, "RedirectPort")) {
    const auto port = parse_number(value);
    if (!port || *port == 0 || *port > 65535) return SetResult::bad_value;
    redirection_.port = std::to_string(*port);
    return SetResult::done;
  }
  if (equal_in_any_case(name, "RedirectReason")) {
    if (value != "Temporary" && value != "Permanent") return SetResult::bad_value;
    redirection_.permanent = value == "Permanent";
    return SetResult::done;
  }
  return SetResult::unknown_name;
}

std::string IscsiTargetParameters::text_of(const TextKey& key) const {
  const std::uint32_t number = value(key.id);
  switch (key.kind) {
    case KeyKind::boolean_or:
    case KeyKind::boolean_and:
      return number != 0 ? "Yes" : "No";
    case KeyKind::digest:
      return std::string(tgt::text_of(static_cast<DigestChoice>(number)));
    case KeyKind::refused:
      return "Reject";
    default:
      return std::to_string(number);
  }
}

std::vector<std::string> IscsiTargetParameters::list() const {
  if (!redirection_.address.empty()) {
    return {"RedirectAddress=" + redirection_.address, "RedirectPort=" + redirection_.port,
            std::string("RedirectReason=") + (redirection_.permanent ? "Permanent" : "Temporary")};
  }
  std::vector<std::string> lines = {"nop_interval=" + std::to_string(keep_alive_.interval_seconds),
                                    "nop_count=" + std::to_string(keep_alive_.count)};
  for (const TextKey& key : text_keys().first<listed_key_count>()) {
    lines.push_back(std::string(key.name) + '=' + text_of(key));
  }
  lines.push_back("MaxXmitDataSegmentLength=" + std::to_string(max_xmit_data_segment_length_));
  lines.push_back("MaxQueueCmd=" + std::to_string(command_window_));
  return lines;
}

IscsiTargetParametersStore::IscsiTargetParametersStore(IscsiTargetParameters::KeepAlive keep_alive)
    : defaults_(std::make_shared<const IscsiTargetParameters>(keep_alive)) {}

std::shared_ptr<const IscsiTargetParameters> IscsiTargetParametersStore::find(std::string_view target_name) const {
  const LockGuard lock(mutex_);
  const auto found = of_target_.find(target_name);
  return found == of_target_.end() ? defaults_ : found->second;
}

SetResult IscsiTargetParametersStore::set(std::string_view target_name, std::string_view name, std::string_view value) {
  const LockGuard lock(mutex_);
  const auto found = of_target_.find(target_name);
  IscsiTargetParameters changed = found == of_target_.end() ? *defaults_ : *found->second;
  const SetResult result = changed.set(name, value);
  if (result != SetResult::done) return result;
  of_target_[std::string(target_name)] = std::make_shared<const IscsiTargetParameters>(std::move(changed));
  return result;
}

void IscsiTargetParametersStore::remove(std::string_view target_name) {
  const LockGuard lock(mutex_);
  const auto found = of_target_.find(target_name);
  if (found != of_target_.end()) of_target_.erase(found);
}

}  // namespace tgt
