// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/rod_tokens.h"

#include <algorithm>
#include <tuple>

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

// Neither reaches beyond 2^64: both were found on the disk.
bool overlap(const BlockRange& a, const BlockRange& b) {
  return a.address.value < b.address.value + b.count.value && b.address.value < a.address.value + a.count.value;
}

}  // namespace

Result<std::shared_ptr<const RodToken>, Sense> RodTokens::create(Wanted wanted, TimePoint now) {
  if (!fill_with_secure_random(wanted.token.secret)) return failure(copy_sense::insufficient_resources_for_token);
  const LockGuard lock(mutex_);
  erase_expired(now);
  if (entries_.size() >= most_tokens && !make_room(wanted.initiator)) {
    return failure(copy_sense::insufficient_resources_for_token);
  }
  wanted.token.copy_manager_rod_token_identifier = next_identifier_++;
  auto shared = std::make_shared<const RodToken>(wanted.token);
  entries_.push_back({.token = shared,
                      .content = std::make_shared<Content>(std::move(wanted.ranges)),
                      .initiator = std::move(wanted.initiator),
                      .inactivity = wanted.inactivity,
                      .expires = now + wanted.inactivity,
                      .dies = now + longest_life});
  ++in_force_;
  return shared;
}

void RodTokens::erase_expired(TimePoint now) {
  erase_if([now](const Entry& entry) { return entry.expires <= now && !entry.in_use(); });
}

// Those that are revoked go first, all of them.
bool RodTokens::make_room(const std::string& initiator) {
  erase_if([](const Entry& entry) { return entry.content->changed.load(); });
  if (entries_.size() < most_tokens) return true;
  const auto rank = [&initiator](const Entry& entry) {
    return std::tuple(entry.in_use(), entry.initiator != initiator, entry.expires);
  };
  const auto least = std::ranges::min_element(entries_, {}, rank);
  if (least->in_use()) return false;
  --in_force_;
  entries_.erase(least);
  return true;
}

template <class Predicate>
void RodTokens::erase_if(Predicate predicate) {
  std::erase_if(entries_, [this, &predicate](const Entry& entry) {
    if (!predicate(entry)) return false;
    if (!entry.content->changed.load()) --in_force_;
    return true;
  });
}

std::vector<RodTokens::Entry>::iterator RodTokens::place_of(const RodToken& token) {
  const std::uint64_t identifier = token.copy_manager_rod_token_identifier;
  return std::ranges::find_if(entries_, [&token, identifier](const Entry& entry) {
    return entry.token->copy_manager_rod_token_identifier == identifier && is_same(*entry.token, token);
  });
}

Result<std::shared_ptr<const RodTokens::Content>, Sense> RodTokens::find(const RodToken& token, TimePoint now) {
  const LockGuard lock(mutex_);
  const auto place = place_of(token);
  if (place == entries_.end()) return failure(copy_sense::token_unknown);
  if (place->expires <= now) {
    erase_expired(now);
    return failure(copy_sense::token_expired);
  }
  if (place->content->changed.load()) return failure(copy_sense::token_revoked);
  place->expires = std::min(now + place->inactivity, place->dies);
  return place->content;
}

void RodTokens::erase(const RodToken& token) {
  const LockGuard lock(mutex_);
  const auto place = place_of(token);
  if (place == entries_.end()) return;
  if (!place->content->changed.exchange(true)) --in_force_;  // whoever else uses it hears of no change any more
  entries_.erase(place);
}

void RodTokens::revoke_overlapping(const BlockRange& range) {
  const LockGuard lock(mutex_);
  for (Entry& entry : entries_) {
    const auto touched = [&range](const BlockRange& mine) { return overlap(mine, range); };
    if (!std::ranges::any_of(entry.content->ranges, touched)) continue;
    if (!entry.content->changed.exchange(true)) --in_force_;
  }
}

void RodTokens::erase_all() {
  const LockGuard lock(mutex_);
  for (Entry& entry : entries_) entry.content->changed.store(true);
  entries_.clear();
  in_force_ = 0;
}

}  // namespace tgt
