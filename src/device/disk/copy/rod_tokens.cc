// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/rod_tokens.h"

#include <algorithm>

#include "reactor/secure_random.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

// All bytes are looked at, so that the time tells nothing of where the first difference is.
bool is_same(const RodToken& a, const RodToken& b) {
  const Bytes left = bytes_of(a);
  const Bytes right = bytes_of(b);
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
  return difference == 0;
}

}  // namespace

Result<std::shared_ptr<const RodToken>, Sense> RodTokens::create(RodToken token, Ranges ranges, Duration inactivity,
                                                                 TimePoint now) {
  if (!fill_with_secure_random(token.secret)) return failure(copy_sense::insufficient_resources_for_token);
  const LockGuard lock(mutex_);
  std::erase_if(entries_, [now](const Entry& entry) { return entry.expires <= now; });
  if (entries_.size() >= most_tokens) return failure(copy_sense::insufficient_resources_for_token);
  token.copy_manager_rod_token_identifier = next_identifier_++;
  auto shared = std::make_shared<const RodToken>(token);
  entries_.push_back({.token = shared,
                      .ranges = std::make_shared<const Ranges>(std::move(ranges)),
                      .inactivity = inactivity,
                      .expires = now + inactivity,
                      .dies = now + longest_life});
  return shared;
}

std::vector<RodTokens::Entry>::iterator RodTokens::place_of(const RodToken& token) {
  const std::uint64_t identifier = token.copy_manager_rod_token_identifier;
  return std::ranges::find_if(entries_, [&token, identifier](const Entry& entry) {
    return entry.token->copy_manager_rod_token_identifier == identifier && is_same(*entry.token, token);
  });
}

Result<std::shared_ptr<const RodTokens::Ranges>, Sense> RodTokens::find(const RodToken& token, TimePoint now) {
  const LockGuard lock(mutex_);
  const auto place = place_of(token);
  if (place == entries_.end()) return failure(copy_sense::token_unknown);
  if (place->expires <= now) {
    entries_.erase(place);
    return failure(copy_sense::token_expired);
  }
  place->expires = std::min(now + place->inactivity, place->dies);
  return place->ranges;
}

void RodTokens::erase(const RodToken& token) {
  const LockGuard lock(mutex_);
  const auto place = place_of(token);
  if (place != entries_.end()) entries_.erase(place);
}

void RodTokens::erase_all() {
  const LockGuard lock(mutex_);
  entries_.clear();
}

}  // namespace tgt
