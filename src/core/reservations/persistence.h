// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "core/reservations/persistent_state.h"

namespace tgt {

// The registrations and the reservation as bytes with a checksum. PRGENERATION is not among them: it begins at zero
// with every start (SPC-6, 6.15.2).
std::vector<std::uint8_t> encode_persistent_state(const PersistentState& state);
// Nothing when a byte is wrong or missing: it is refused as a whole.
std::optional<PersistentState> decode_persistent_state(Bytes blob);

}  // namespace tgt
