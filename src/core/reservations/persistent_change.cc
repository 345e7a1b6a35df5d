// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/persistent_change.h"

#include "core/refusals.h"
#include "scsi/field.h"

namespace tgt {
namespace {

using Action = PersistentReserveOutAction;
using Request = PersistentReserveOutRequest;
using Outcome = Result<PersistentChange, PersistentReserveRefusal>;

constexpr Field service_action{1, 4, 5};
constexpr std::uint16_t service_action_key_byte = 8;
constexpr std::uint16_t flags_byte = 20;
constexpr std::uint8_t specify_initiator_ports_bit = 3;

Outcome conflict() { return failure(PersistentReserveRefusal(Status::reservation_conflict)); }
Outcome refuse(const Sense& sense) { return failure(PersistentReserveRefusal(sense)); }

PersistentChange unchanged(const PersistentState& before) { return {.after = before, .attentions = {}, .aborted = {}}; }

void tell(PersistentChange& change, const Registration& who, const Sense& condition, const NexusIdentity& except) {
  if (!who.is_of(except)) change.attentions.push_back({.whom = who, .condition = condition});
}

void tell_all(PersistentChange& change, const Sense& condition, const NexusIdentity& except) {
  for (const Registration& one : change.after.registrations) tell(change, one, condition, except);
}

Registration* find(PersistentState& state, const NexusIdentity& nexus) {
  return const_cast<Registration*>(state.find(nexus));
}

// False: there is no room for it.
[[nodiscard]] bool put(PersistentState& state, const Registration& registration) {
  Registration* const known = find(state, registration.nexus);
  if (known != nullptr && (known->all_target_ports || !registration.all_target_ports)) {
    known->key = registration.key;
    return true;
  }
  // One through all target ports takes the place of those through single ones: a nexus has one registration.
  std::erase_if(state.registrations, [&](const Registration& one) { return registration.is_of(one.nexus); });
  if (state.registrations.size() >= PersistentState::most_registrations) return false;
  state.registrations.push_back(registration);
  return true;
}

// SPC-6, 5.13.11.2.2: the reservation ends with its holder's registration, or with the last registrant. The others
// learn of it where they relied on being registered.
void end_reservation_without_holder(PersistentChange& change, const NexusIdentity& except) {
  PersistentState& after = change.after;
  if (!after.reservation) return;
  const ReservationType type = after.reservation->type;
  const bool held =
      is_all_registrants(type) ? !after.registrations.empty() : after.find(after.reservation->holder) != nullptr;
  if (held) return;
  after.reservation.reset();
  if (admits_registrants(type)) tell_all(change, refusal::reservations_released, except);
}

// SPC-6, 5.13.7: REGISTER and REGISTER AND IGNORE EXISTING KEY.
Outcome register_key(const PersistentState& before, const Request& request) {
  const Registration* const mine = before.find(request.nexus);
  const std::uint64_t key = request.service_action_reservation_key;
  if (request.action == Action::register_key) {
    if (request.reservation_key != (mine == nullptr ? 0 : mine->key)) return conflict();
    if (mine != nullptr && request.specify_initiator_ports) {
      return refuse(Sense::invalid_field_in_parameter_list(flags_byte, specify_initiator_ports_bit));
    }
  } else if (request.specify_initiator_ports) {
    return refuse(Sense::invalid_field_in_parameter_list(flags_byte, specify_initiator_ports_bit));
  }
  PersistentChange change = unchanged(before);
  if (mine == nullptr && key == 0) return change;
  ++change.after.generation;
  change.after.activate_persist_through_power_loss = request.activate_persist_through_power_loss;
  if (key == 0) {
    std::erase_if(change.after.registrations, [&](const Registration& one) { return one.is_of(request.nexus); });
    end_reservation_without_holder(change, request.nexus);
    return change;
  }
  bool fits = put(change.after, {.key = key, .nexus = request.nexus, .all_target_ports = request.all_target_ports});
  for (const NexusIdentity& other : request.others) {
    if (!fits) break;
    if (before.find(other) != nullptr) continue;
    fits = put(change.after, {.key = key, .nexus = other, .all_target_ports = request.all_target_ports});
  }
  if (!fits) return refuse(refusal::insufficient_registration_resources);
  return change;
}

// SPC-6, 5.13.9.
Outcome reserve(const PersistentState& before, const Request& request) {
  PersistentChange change = unchanged(before);
  if (!before.reservation) {
    change.after.reservation = Reservation{.type = request.type, .holder = request.nexus};
    return change;
  }
  const bool mine = before.holds(*before.find(request.nexus));
  if (!mine || before.reservation->type != request.type) return conflict();
  return change;
}

// SPC-6, 5.13.11.2.
Outcome release(const PersistentState& before, const Request& request) {
  PersistentChange change = unchanged(before);
  if (!before.reservation || !before.holds(*before.find(request.nexus))) return change;
  if (before.reservation->type != request.type) return refuse(refusal::invalid_release_of_persistent_reservation);
  change.after.reservation.reset();
  if (admits_registrants(request.type)) tell_all(change, refusal::reservations_released, request.nexus);
  return change;
}

// SPC-6, 5.13.11.6.
Outcome clear(const PersistentState& before, const Request& request) {
  PersistentChange change = unchanged(before);
  tell_all(change, refusal::reservations_preempted, request.nexus);
  change.after.registrations.clear();
  change.after.reservation.reset();
  ++change.after.generation;
  return change;
}

// Takes away every registration that `which` picks.
template <class Predicate>
std::vector<Registration> remove(PersistentChange& change, const Predicate& which, const NexusIdentity& preemptor) {
  std::vector<Registration> removed;
  std::erase_if(change.after.registrations, [&](const Registration& one) {
    if (!which(one)) return false;
    removed.push_back(one);
    tell(change, one, refusal::registrations_preempted, preemptor);
    return true;
  });
  return removed;
}

// SPC-6, 5.13.11.4: the reservation goes to the one who preempts.
Outcome take_over(const PersistentState& before, const Request& request) {
  if (request.no_type) return refuse(*request.no_type);
  const std::uint64_t key = request.service_action_reservation_key;
  const bool everybody = is_all_registrants(before.reservation->type) && key == 0;
  const auto goes = [&](const Registration& one) { return !one.is_of(request.nexus) && (everybody || one.key == key); };
  PersistentChange change = unchanged(before);
  ++change.after.generation;
  change.aborted = remove(change, goes, request.nexus);
  change.after.reservation = Reservation{.type = request.type, .holder = request.nexus};
  if (request.type != before.reservation->type) tell_all(change, refusal::reservations_released, request.nexus);
  return change;
}

Outcome preempt(const PersistentState& before, const Request& request) {
  const std::uint64_t key = request.service_action_reservation_key;
  const auto has_key = [key](const Registration& one) { return one.key == key; };
  const bool all_registrants = before.reservation && is_all_registrants(before.reservation->type);
  if (before.reservation && all_registrants && key == 0) return take_over(before, request);
  if (before.reservation && !all_registrants) {
    const Registration* const holder = before.find(before.reservation->holder);
    if (holder != nullptr && has_key(*holder)) return take_over(before, request);
  }
  if (key == 0) return refuse(Sense::invalid_field_in_parameter_list(service_action_key_byte));
  // SPC-6, 5.13.11.5: only registrations go.
  PersistentChange change = unchanged(before);
  change.aborted = remove(change, has_key, request.nexus);
  if (change.aborted.empty()) return conflict();
  ++change.after.generation;
  end_reservation_without_holder(change, request.nexus);
  return change;
}

// SPC-6, 5.13.8.
Outcome register_and_move(const PersistentState& before, const Request& request) {
  if (!before.reservation) return refuse(Sense::invalid_field_in_cdb(service_action));
  if (is_all_registrants(before.reservation->type)) return conflict();
  if (!before.holds(*before.find(request.nexus))) return conflict();
  if (request.service_action_reservation_key == 0) {
    return refuse(Sense::invalid_field_in_parameter_list(service_action_key_byte));
  }
  const NexusIdentity& destination = request.others.front();
  PersistentChange change = unchanged(before);
  ++change.after.generation;
  change.after.activate_persist_through_power_loss = request.activate_persist_through_power_loss;
  const Registration moved{.key = request.service_action_reservation_key, .nexus = destination};
  if (!put(change.after, moved)) return refuse(refusal::insufficient_registration_resources);
  change.after.reservation->holder = destination;
  if (request.unregister) {
    std::erase_if(change.after.registrations, [&](const Registration& one) { return one.is_of(request.nexus); });
  }
  return change;
}

}  // namespace

Outcome persistent_change(const PersistentState& before, const Request& request) {
  if (request.action == Action::register_key || request.action == Action::register_and_ignore_existing_key) {
    return register_key(before, request);
  }
  const Registration* const mine = before.find(request.nexus);
  if (mine == nullptr || mine->key != request.reservation_key) return conflict();
  switch (request.action) {
    case Action::reserve:
      return reserve(before, request);
    case Action::release:
      return release(before, request);
    case Action::clear:
      return clear(before, request);
    case Action::preempt:
    case Action::preempt_and_abort:
      return preempt(before, request);
    case Action::register_and_move:
      return register_and_move(before, request);
    default:
      return conflict();
  }
}

}  // namespace tgt
