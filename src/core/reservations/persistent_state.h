// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/nexus.h"

namespace tgt {

// TYPE of a persistent reservation (SPC-6, 6.15.3.4).
enum class ReservationType : std::uint8_t {
  write_exclusive = 0x1,
  exclusive_access = 0x3,
  write_exclusive_registrants_only = 0x5,
  exclusive_access_registrants_only = 0x6,
  write_exclusive_all_registrants = 0x7,
  exclusive_access_all_registrants = 0x8,
};

constexpr std::optional<ReservationType> reservation_type(std::uint64_t value) {
  if (value != 0x1 && value != 0x3 && (value < 0x5 || value > 0x8)) return std::nullopt;
  return static_cast<ReservationType>(value);
}
// Every registrant holds it.
constexpr bool is_all_registrants(ReservationType type) {
  return type == ReservationType::write_exclusive_all_registrants ||
         type == ReservationType::exclusive_access_all_registrants;
}
// Every registrant may do all that the holder may.
constexpr bool admits_registrants(ReservationType type) {
  return is_all_registrants(type) || type == ReservationType::write_exclusive_registrants_only ||
         type == ReservationType::exclusive_access_registrants_only;
}
// Others may read.
constexpr bool is_write_exclusive(ReservationType type) {
  return type == ReservationType::write_exclusive || type == ReservationType::write_exclusive_registrants_only ||
         type == ReservationType::write_exclusive_all_registrants;
}

// An I_T nexus as a registration remembers it: by its ports, not by a session. It finds its registration again after
// a reconnection, and after a restart of the daemon.
struct NexusIdentity {
  InitiatorPortIdentity initiator;
  std::string target;
  std::uint16_t relative_target_port = 1;
  friend bool operator==(const NexusIdentity&, const NexusIdentity&) = default;
};

struct Registration {
  std::uint64_t key = 0;
  NexusIdentity nexus;
  bool all_target_ports = false;  // ALL_TG_PT: of its target, whatever relative_target_port says
  friend bool operator==(const Registration&, const Registration&) = default;

  bool is_of(const NexusIdentity& other) const {
    return nexus.initiator == other.initiator && nexus.target == other.target &&
           (all_target_ports || nexus.relative_target_port == other.relative_target_port);
  }
};

struct Reservation {
  ReservationType type{};
  NexusIdentity holder;  // of no meaning when all registrants hold it
  friend bool operator==(const Reservation&, const Reservation&) = default;
};

// All that PERSISTENT RESERVE OUT changes: a value, so that a change is made on a copy, stored, and then put in place.
struct PersistentState {
  // One nexus can make registrations for others, of any names (SPEC_I_PT): there must be an end to them.
  static constexpr std::size_t most_registrations = 1024;
  std::uint32_t generation = 0;                      // PRGENERATION
  bool activate_persist_through_power_loss = false;  // APTPL
  std::vector<Registration> registrations;
  std::optional<Reservation> reservation;
  friend bool operator==(const PersistentState&, const PersistentState&) = default;

  const Registration* find(const NexusIdentity& nexus) const {
    const auto found = std::ranges::find_if(registrations, [&](const Registration& one) { return one.is_of(nexus); });
    return found == registrations.end() ? nullptr : &*found;
  }
  bool holds(const Registration& registration) const {
    if (!reservation) return false;
    return is_all_registrants(reservation->type) || registration.is_of(reservation->holder);
  }
};

}  // namespace tgt
