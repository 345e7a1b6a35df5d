// SPDX-License-Identifier: Apache-2.0
#include "core/unit_attentions.h"

#include <algorithm>

#include "core/itl_nexus.h"

namespace tgt {
namespace {

constexpr std::uint8_t reset_occurred = 0x29;

// SAM-6, 5.14: of two reset conditions the one of higher precedence stands for both. Lower is higher; 29/00 says
// "any of them".
unsigned precedence(const Sense& condition) {
  constexpr std::uint8_t order[] = {0x00, 0x01, 0x04, 0x02, 0x03, 0x07};
  const auto* place = std::ranges::find(order, condition.additional.qualifier);
  return static_cast<unsigned>(place - std::begin(order));
}

// One that is pending already is not told twice; of two thresholds that are reached each is told.
bool is_same(const Sense& a, const Sense& b) { return a == b && a.information == b.information; }

bool is_reset(const Sense& condition) { return condition.additional.code == reset_occurred; }

}  // namespace

void UnitAttentions::add(ItlNexus& itl, Queue& queue, const Sense& condition) {
  if (is_reset(condition)) {
    const bool outranked =
        !queue.empty() && is_reset(queue.front()) && precedence(queue.front()) <= precedence(condition);
    const Sense stays = outranked ? queue.front() : condition;
    queue.clear();
    queue.push_back(stays);
  } else if (std::ranges::none_of(queue, [&](const Sense& pending) { return is_same(pending, condition); })) {
    if (queue.size() == longest_queue) {
      queue.clear();
      queue.push_back(Sense::power_on_or_reset());
    } else {
      queue.push_back(condition);
    }
  }
  itl.arm(ItlNexus::unit_attention);
}

void UnitAttentions::attach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  pending_.try_emplace(&itl);
}

void UnitAttentions::detach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  pending_.erase(&itl);
}

void UnitAttentions::establish(const Sense& condition, const ItlNexus* except) {
  establish_where([except](const ItlNexus& itl) { return &itl != except; }, condition);
}

void UnitAttentions::establish_for(ItlNexus& itl, const Sense& condition) {
  const LockGuard lock(mutex_);
  const auto queue = pending_.find(&itl);
  if (queue != pending_.end()) add(itl, queue->second, condition);
}

void UnitAttentions::establish_where(const std::function<bool(const ItlNexus&)>& which, const Sense& condition) {
  const LockGuard lock(mutex_);
  for (auto& [itl, queue] : pending_) {
    if (which(*itl)) add(*itl, queue, condition);
  }
}

std::optional<Sense> UnitAttentions::take(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  const auto queue = pending_.find(&itl);
  if (queue == pending_.end() || queue->second.empty()) return std::nullopt;
  const Sense oldest = queue->second.front();
  queue->second.pop_front();
  if (queue->second.empty()) itl.disarm(ItlNexus::unit_attention);
  return oldest;
}

std::optional<Sense> UnitAttentions::peek(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  const auto queue = pending_.find(&itl);
  if (queue == pending_.end() || queue->second.empty()) return std::nullopt;
  return queue->second.front();
}

void UnitAttentions::clear(ItlNexus& itl, const Sense& condition) {
  const LockGuard lock(mutex_);
  const auto queue = pending_.find(&itl);
  if (queue == pending_.end()) return;
  std::erase(queue->second, condition);
  if (queue->second.empty()) itl.disarm(ItlNexus::unit_attention);
}

}  // namespace tgt
