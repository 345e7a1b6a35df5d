// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/bytes.h"
#include "base/result.h"
#include "core/reservations/persistent_change.h"
#include "scsi/sense.h"

namespace tgt {

// The parameter list of PERSISTENT RESERVE OUT (SPC-6, 6.16.3 and 6.16.4), as far as it is the request's own: `request`
// comes with action, nexus and type, and leaves with the rest. `others` gets what the TransportIDs name.
struct PersistentReserveOutList {
  static constexpr std::size_t basic_length = 24;
  static constexpr std::size_t longest = 64 * 1024;

  // Ports that a TransportID without ISID stands for: those of the initiator that are known here.
  using KnownPorts = std::vector<NexusIdentity>;
  static Result<PersistentReserveOutRequest, Sense> decode(Bytes list, PersistentReserveOutRequest request,
                                                           const KnownPorts& known);
};

}  // namespace tgt
