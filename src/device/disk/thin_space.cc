// SPDX-License-Identifier: Apache-2.0
#include "device/disk/thin_space.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <utility>

#include "core/itl_nexus.h"
#include "device/disk/disk.h"

namespace tgt {
namespace {

constexpr unsigned least_set_exponent = 20;  // bytes
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::uint8_t ThinSpace::exponent(BlockCount capacity, BlockSize block_size) {
  const int least = static_cast<int>(least_set_exponent) - block_size.exponent;
  return static_cast<std::uint8_t>(std::max({1, least, static_cast<int>(std::bit_width(capacity.value)) - 32}));
}

void ThinSpace::set_thresholds(Bytes page, unsigned set_exponent) {
  const auto now = read_wire<mode::LogicalBlockProvisioning>(page).value_or(mode::LogicalBlockProvisioning{});
  bool any = false;
  {
    const LockGuard lock(mutex_);
    set_exponent_ = set_exponent;
    for (std::size_t i = 0; i < thresholds_.size(); ++i) {
      const mode::ThresholdDescriptor& descriptor = now.thresholds[i];
      const mode::ThresholdDescriptor before = std::exchange(thresholds_[i].descriptor, descriptor);
      // One that was enabled or moved just now is told of again.
      if (before.flags != descriptor.flags || before.count != descriptor.count) thresholds_[i].told = false;
      any = any || (descriptor.flags & mode::ThresholdDescriptor::enabled) != 0;
    }
  }
  look_soon();
  watched_.store(any, std::memory_order_relaxed);
}

// SBC-4, 4.7.3.7: THRESHOLD COUNT is the middle of a range as wide as a threshold set. Told of in the middle, a
// threshold is armed again when the whole range has been left, so that a medium that goes back and forth is not told of
// each time.
ThinSpace::Distance ThinSpace::distance_to(const Threshold& threshold, const BlockStore::Space& space) const {
  const std::uint64_t set = std::uint64_t{1} << set_exponent_;
  const std::uint64_t middle = std::uint64_t{threshold.descriptor.count} << set_exponent_;
  if (threshold.descriptor.resource == mode::ThresholdDescriptor::used_resources) {
    const bool reached = space.used >= middle;
    return {.reached = reached,
            .armed_again = !reached && middle - space.used > set / 2,
            .left = reached ? 0 : middle - space.used};
  }
  const bool reached = space.available <= middle;
  return {.reached = reached,
          .armed_again = !reached && space.available - middle > set / 2,
          .left = reached ? 0 : space.available - middle};
}

std::vector<Sense> ThinSpace::look(TimePoint now) {
  const LockGuard lock(mutex_);
  std::vector<Sense> told_now;
  std::uint64_t nearest = never;
  for (std::size_t i = 0; i < thresholds_.size(); ++i) {
    Threshold& threshold = thresholds_[i];
    const std::uint8_t resource = threshold.descriptor.resource;
    const bool known = resource == mode::ThresholdDescriptor::available_resources ||
                       resource == mode::ThresholdDescriptor::used_resources;
    if (!known || (threshold.descriptor.flags & mode::ThresholdDescriptor::enabled) == 0) continue;
    const Distance distance = distance_to(threshold, space_);
    if (distance.armed_again) threshold.told = false;
    if (distance.reached && !std::exchange(threshold.told, true)) {
      constexpr std::size_t first = offsetof(mode::LogicalBlockProvisioning, thresholds);
      told_now.push_back(
          Sense::thin_provisioning_soft_threshold_reached(first + i * sizeof(mode::ThresholdDescriptor)));
    }
    if (!threshold.told) nearest = std::min(nearest, distance.left);
  }
  const std::uint64_t set = std::uint64_t{1} << set_exponent_;
  written_.store(0, std::memory_order_relaxed);
  look_after_.store(std::max(nearest, set), std::memory_order_relaxed);
  last_look_.store(now, std::memory_order_relaxed);
  return told_now;
}

BlockStore::Space ThinSpace::last_seen() const {
  const LockGuard lock(mutex_);
  return space_;
}

bool ThinSpace::is_due(std::uint64_t bytes, TimePoint now) {
  const std::uint64_t written = written_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (written >= look_after_.load(std::memory_order_relaxed)) return true;
  return now - last_look_.load(std::memory_order_relaxed) >= between_looks;
}

Task<bool> ThinSpace::refresh(const BlockStore& store, Shard& shard) {
  const auto space = co_await store.space(shard);
  if (!space) co_return false;
  const LockGuard lock(mutex_);
  space_ = *space;
  co_return true;
}

Task<void> ThinSpace::after_write(Disk& disk, Command& command, std::uint64_t bytes) {
  Shard& shard = command.shard();
  if (!is_due(bytes, shard.now()) || looking_.exchange(true)) co_return;
  const bool known = co_await refresh(disk.store(), shard);
  const std::vector<Sense> reached = known ? look(shard.now()) : std::vector<Sense>();
  looking_.store(false);
  for (const Sense& sense : reached) command.itl().unit().unit_attentions().establish(sense);
}

}  // namespace tgt
