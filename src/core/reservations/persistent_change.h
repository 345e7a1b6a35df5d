// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "core/reservations/persistent_state.h"
#include "scsi/sense.h"
#include "scsi/status.h"

namespace tgt {

// SERVICE ACTION of PERSISTENT RESERVE OUT (SPC-6, 6.16.2).
enum class PersistentReserveOutAction : std::uint8_t {
  register_key = 0x00,
  reserve = 0x01,
  release = 0x02,
  clear = 0x03,
  preempt = 0x04,
  preempt_and_abort = 0x05,
  register_and_ignore_existing_key = 0x06,
  register_and_move = 0x07,
};

// What one PERSISTENT RESERVE OUT command asks for, decoded and checked as far as that goes without the state.
struct PersistentReserveOutRequest {
  PersistentReserveOutAction action{};
  NexusIdentity nexus{};  // from which it came
  ReservationType type = ReservationType::write_exclusive;
  std::optional<Sense> no_type{};  // PREEMPT: why there is none, which counts only where a reservation is taken over
  std::uint64_t reservation_key = 0;
  std::uint64_t service_action_reservation_key = 0;
  bool specify_initiator_ports = false;              // SPEC_I_PT
  bool all_target_ports = false;                     // ALL_TG_PT
  bool activate_persist_through_power_loss = false;  // APTPL
  bool unregister = false;                           // UNREG, of REGISTER AND MOVE
  std::vector<NexusIdentity> others{};               // SPEC_I_PT's list, or REGISTER AND MOVE's destination
};

// Why it is refused.
using PersistentReserveRefusal = std::variant<Status, Sense>;

// What it comes to.
struct PersistentChange {
  PersistentState after;
  struct Attention {
    Registration whom;
    Sense condition;
  };
  std::vector<Attention> attentions;
  std::vector<Registration> aborted;  // PREEMPT AND ABORT: whose tasks are to end
};

// The rules of SPC-6, 5.13, as a function: nothing else is changed by it.
Result<PersistentChange, PersistentReserveRefusal> persistent_change(const PersistentState& before,
                                                                     const PersistentReserveOutRequest& request);

}  // namespace tgt
