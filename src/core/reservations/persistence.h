// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "core/reservations/persistent_state.h"
#include "reactor/shard.h"
#include "reactor/task.h"

namespace tgt {

// Where persistent reservations survive the daemon. One for each logical unit; the daemon provides it.
class ReservationStore {
 public:
  virtual ~ReservationStore() = default;
  // Replaces what was saved before, as one step. True only when it is on stable storage: after a kill or a power loss
  // at any moment there is either the old or the new, whole.
  virtual Task<bool> save(Shard& shard, std::vector<std::uint8_t> blob) = 0;
};

// The registrations and the reservation as bytes with a checksum. PRGENERATION is not among them: it begins at zero
// with every start (SPC-6, 6.15.2).
std::vector<std::uint8_t> encode_persistent_state(const PersistentState& state);
// Nothing when a byte is wrong or missing: it is refused as a whole.
std::optional<PersistentState> decode_persistent_state(Bytes blob);

}  // namespace tgt
