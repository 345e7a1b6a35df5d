// SPDX-License-Identifier: Apache-2.0
#include "device/disk/medium_counters.h"

namespace tgt {

MediumCounters::Totals MediumCounters::since_the_beginning(std::size_t kind) const {
  Totals totals{.uncorrected_errors = errors_[kind].load(std::memory_order_relaxed)};
  for (const OfShard& shard : of_shard_) {
    const OfKind& mine = shard.of_kind[kind];
    totals.commands += mine.commands.load(std::memory_order_relaxed);
    totals.blocks += mine.blocks.load(std::memory_order_relaxed);
    totals.microseconds += mine.microseconds.load(std::memory_order_relaxed);
  }
  return totals;
}

MediumCounters::Totals MediumCounters::totals(Kind kind, View view) const {
  const LockGuard lock(mutex_);
  Totals totals = since_the_beginning(static_cast<unsigned>(kind));
  const Totals& began = began_[static_cast<unsigned>(view)][static_cast<unsigned>(kind)];
  totals.commands -= began.commands;
  totals.blocks -= began.blocks;
  totals.microseconds -= began.microseconds;
  totals.uncorrected_errors -= began.uncorrected_errors;
  return totals;
}

void MediumCounters::reset(View view) {
  const LockGuard lock(mutex_);
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    began_[static_cast<unsigned>(view)][kind] = since_the_beginning(kind);
  }
}

}  // namespace tgt
