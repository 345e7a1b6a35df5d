// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/reservations.h"

#include <algorithm>
#include <utility>

#include "core/abort_sweep.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/refusals.h"
#include "core/target.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

// How often one that waits for the tasks of others looks whether it is still wanted itself.
constexpr Duration patience = 500ms;

NexusIdentity identity_of(const Nexus& nexus) {
  return {.initiator = nexus.properties().initiator,
          .target = nexus.target().name(),
          .relative_target_port = nexus.properties().relative_target_port};
}

// SPC-2, table 9: what another may do while a unit is reserved by RESERVE.
bool allowed_beside_reserve(const Cdb& cdb) {
  constexpr unsigned prevent_mask = 0x03;
  switch (cdb.operation_code()) {
    case operation_code::inquiry:
    case operation_code::report_luns:
    case operation_code::request_sense:
    case operation_code::log_sense:
    case operation_code::reserve_6:
    case operation_code::reserve_10:
    case operation_code::release_6:
    case operation_code::release_10:
    case operation_code::persistent_reserve_in:
    case operation_code::persistent_reserve_out:
      return true;  // the last six answer for themselves
    case operation_code::prevent_allow_medium_removal:
      return (cdb[4] & prevent_mask) == 0;
    default:
      return false;
  }
}

}  // namespace

NexusIdentity identity_of(const ItlNexus& itl) { return identity_of(itl.nexus()); }

bool Reservations::restore(Bytes blob) {
  std::optional<PersistentState> state = decode_persistent_state(blob);
  if (!state) return false;
  const LockGuard lock(mutex_);
  persistent_ = std::move(*state);
  saved_ = true;
  arm_all();
  return true;
}

bool Reservations::would_be_lost() const {
  const LockGuard lock(mutex_);
  if (reserved_by_ != nullptr) return true;
  const bool are_safe = persistent_.activate_persist_through_power_loss && nexuses_.empty();
  return !persistent_.registrations.empty() && !are_safe;
}

void Reservations::leave_store() {
  store_.reset();
  const LockGuard lock(mutex_);
  persistent_ = {};
  saved_ = false;
  arm_all();
}

void Reservations::attach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  nexuses_.insert(&itl);
  if (may_conflict(itl)) itl.arm(ItlNexus::reservation);
}

void Reservations::detach(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  nexuses_.erase(&itl);
  if (reserved_by_ == &itl) {
    reserved_by_ = nullptr;
    arm_all();
  }
}

void Reservations::nexus_lost(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  if (reserved_by_ != &itl) return;
  reserved_by_ = nullptr;
  arm_all();
}

void Reservations::was_reset() {
  const LockGuard lock(mutex_);
  reserved_by_ = nullptr;
  arm_all();
}

bool Reservations::may_conflict(const ItlNexus& itl) const {
  if (reserved_by_ != nullptr && reserved_by_ != &itl) return true;
  if (!persistent_.reservation) return false;
  const Registration* const mine = persistent_.find(identity_of(itl));
  return mine == nullptr || (!persistent_.holds(*mine) && !admits_registrants(persistent_.reservation->type));
}

void Reservations::arm_all() {
  for (ItlNexus* itl : nexuses_) {
    if (may_conflict(*itl)) {
      itl->arm(ItlNexus::reservation);
    } else {
      itl->disarm(ItlNexus::reservation);
    }
  }
}

bool Reservations::conflicts(const ItlNexus& itl, const CommandTraits& row, const Cdb& cdb) const {
  const LockGuard lock(mutex_);
  if (!may_conflict(itl)) return false;
  if (reserved_by_ != nullptr && reserved_by_ != &itl) return !allowed_beside_reserve(cdb);
  switch (row.access_of(cdb)) {
    case Access::none:
    case Access::reservation:
      return false;
    case Access::read:
      return !is_write_exclusive(persistent_.reservation->type);
    case Access::write:
    case Access::unprotected_write:
      return true;
  }
  return true;
}

// SPC-6, 5.13.3: where there are registrations, who could do everything anyway is told GOOD and nothing is reserved.
Status Reservations::reserve(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  if (reserved_by_ != nullptr) return reserved_by_ == &itl ? Status::good : Status::reservation_conflict;
  if (changing_) return Status::busy;
  if (!persistent_.registrations.empty()) {
    const bool free_anyway = persistent_.reservation && !may_conflict(itl);
    return free_anyway ? Status::good : Status::reservation_conflict;
  }
  reserved_by_ = &itl;
  arm_all();
  return Status::good;
}

Status Reservations::release(ItlNexus& itl) {
  const LockGuard lock(mutex_);
  if (!persistent_.registrations.empty()) {
    const bool free_anyway = persistent_.reservation && !may_conflict(itl);
    return free_anyway ? Status::good : Status::reservation_conflict;
  }
  if (reserved_by_ == &itl) {
    reserved_by_ = nullptr;
    arm_all();
  }
  return Status::good;
}

std::optional<PersistentState> Reservations::persistent_state() const {
  const LockGuard lock(mutex_);
  if (reserved_by_ != nullptr) return std::nullopt;
  return persistent_;
}

PersistentReserveOutList::KnownPorts Reservations::known_ports() const {
  const LockGuard lock(mutex_);
  PersistentReserveOutList::KnownPorts known;
  for (const ItlNexus* itl : nexuses_) known.push_back(identity_of(*itl));
  for (const Registration& one : persistent_.registrations) known.push_back(one.nexus);
  return known;
}

Task<void> Reservations::begin_change(Shard& shard) {
  for (;;) {
    Bell::Waiter waiter(changed_, shard);
    {
      const LockGuard lock(mutex_);
      if (!std::exchange(changing_, true)) co_return;
    }
    co_await waiter.rung();
  }
}

void Reservations::end_change() {
  {
    const LockGuard lock(mutex_);
    changing_ = false;
  }
  changed_.ring();
}

Task<Result<void, PersistentReserveRefusal>> Reservations::change_in_turn(Shard& shard,
                                                                          const PersistentReserveOutRequest& request,
                                                                          PersistentChange& change) {
  bool must_save = false;
  {
    const LockGuard lock(mutex_);
    if (reserved_by_ != nullptr) co_return failure(PersistentReserveRefusal(Status::reservation_conflict));
    auto computed = persistent_change(persistent_, request);
    if (!computed) co_return failure(computed.error());
    change = std::move(*computed);
    must_save = store_ != nullptr && (change.after.activate_persist_through_power_loss || saved_);
    // A save that fails may have come half the way: until one succeeds, what the store holds is not known.
    if (must_save) saved_ = true;
  }
  if (change.after.registrations.empty()) change.after.activate_persist_through_power_loss = false;
  if (must_save) {
    // Without APTPL nothing is to come back after a power loss: not what was saved before, either.
    const bool keep = change.after.activate_persist_through_power_loss;
    std::vector<std::uint8_t> blob = encode_persistent_state(keep ? change.after : PersistentState{});
    const bool safe = co_await store_->save(shard, std::move(blob));
    if (!safe) co_return failure(PersistentReserveRefusal(refusal::insufficient_registration_resources));
    const LockGuard lock(mutex_);
    saved_ = keep;
  }
  commit(change);
  co_return Result<void, PersistentReserveRefusal>{};
}

void Reservations::commit(const PersistentChange& change) {
  const LockGuard lock(mutex_);
  persistent_ = change.after;
  arm_all();
  for (const PersistentChange::Attention& attention : change.attentions) {
    for (ItlNexus* itl : nexuses_) {
      if (attention.whom.is_of(identity_of(*itl))) unit_.unit_attentions().establish_for(*itl, attention.condition);
    }
  }
}

Task<Result<void, PersistentReserveRefusal>> Reservations::change(ItlNexus& itl, PersistentReserveOutRequest request,
                                                                  std::function<bool()> command_gone) {
  Shard& shard = itl.nexus().shard();
  co_await begin_change(shard);
  PersistentChange changed;
  const auto result = co_await change_in_turn(shard, request, changed);
  end_change();
  if (result && request.action == PersistentReserveOutAction::preempt_and_abort) {
    const bool all_left = co_await abort_tasks(shard, changed, request.nexus, command_gone);
    if (!all_left) co_return failure(PersistentReserveRefusal(Sense::aborted_command()));
  }
  co_return result;
}

// SPC-6, 5.13.11.7. The tasks are gone for good from the moment they are marked: their nexuses learn of it by
// REGISTRATIONS PREEMPTED. False: some of them still run, and nobody waits for the answer, or so it seemed: a function
// that wants this command gone may yet be rejected, and then it is answered.
Task<bool> Reservations::abort_tasks(Shard& shard, const PersistentChange& change, const NexusIdentity& except,
                                     const std::function<bool()>& command_gone) {
  const std::shared_ptr<LogicalUnit> unit = unit_.shared_from_this();
  const auto is_preempted = [&](const Nexus& nexus) {
    const NexusIdentity identity = identity_of(nexus);
    return identity != except &&
           std::ranges::any_of(change.aborted, [&](const Registration& one) { return one.is_of(identity); });
  };
  {
    const LockGuard lock(mutex_);
    for (ItlNexus* itl : nexuses_) {
      if (is_preempted(itl->nexus())) itl->tasks_are_aborted();
    }
  }
  const auto is_of_preempted = [&](const Command& command) { return is_preempted(command.nexus()); };
  AbortSweep tasks(shard, unit->shards(), unit, is_of_preempted, AbortGroup::Until::left);
  co_await tasks.mark();
  bool all_left = false;
  do {
    all_left = co_await tasks.wait(shard.now() + patience);
  } while (!all_left && !command_gone());
  co_await tasks.settle(AbortVerdict::complete);
  co_return all_left;
}

}  // namespace tgt
