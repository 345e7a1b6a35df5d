// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/command_table.h"
#include "core/reservations/parameter_list.h"
#include "core/reservations/persistence.h"
#include "core/reservations/persistent_change.h"
#include "core/state_store.h"
#include "reactor/bell.h"
#include "reactor/mutex.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "scsi/cdb.h"
#include "scsi/status.h"

namespace tgt {

class ItlNexus;
class LogicalUnit;

// Who may do what to a logical unit: RESERVE and RELEASE (SPC-2, 5.5) and persistent reservations (SPC-6, 5.13), for
// each I_T nexus. From any shard. A nexus whose commands may conflict has `reservation` in its armed word; the others
// never come here.
class Reservations {
 public:
  explicit Reservations(LogicalUnit& unit) : unit_(unit) {}

  // Before the unit is mapped. Without a store APTPL is refused.
  void set_store(std::unique_ptr<StateStore> store) { store_ = std::move(store); }
  // What the store held at the start of the daemon. False: it is damaged; nothing of it is used.
  bool restore(Bytes blob);
  bool can_persist() const { return store_ != nullptr; }
  // For a unit that gets another name. Would an initiator lose what it has here if the store were left? Not what is
  // safe in it, of initiators that are away.
  bool would_be_lost() const;
  // As it was before set_store(). No command runs.
  void leave_store();

  void attach(ItlNexus& itl);
  void detach(ItlNexus& itl);
  // RESERVE does not outlive its nexus, nor a reset; persistent reservations do.
  void nexus_lost(ItlNexus& itl);
  void was_reset();

  // Does a command of this nexus conflict? Not for RESERVE, RELEASE and PERSISTENT RESERVE: they have their own rules.
  bool conflicts(const ItlNexus& itl, const CommandTraits& row, const Cdb& cdb) const;

  // RESERVE and RELEASE.
  Status reserve(ItlNexus& itl);
  Status release(ItlNexus& itl);

  // PERSISTENT RESERVE IN: a copy, or nothing when the unit is reserved by RESERVE.
  std::optional<PersistentState> persistent_state() const;
  // PERSISTENT RESERVE OUT. `command_gone` says whether somebody wants the command gone meanwhile: PREEMPT AND ABORT
  // may wait long for the tasks of others. It succeeds only when all of them have ended.
  Task<Result<void, PersistentReserveRefusal>> change(ItlNexus& itl, PersistentReserveOutRequest request,
                                                      std::function<bool()> command_gone);
  // Every nexus that is logged in or registered.
  PersistentReserveOutList::KnownPorts known_ports() const;

 private:
  Task<void> begin_change(Shard& shard);
  void end_change();
  Task<Result<void, PersistentReserveRefusal>> change_in_turn(Shard& shard, const PersistentReserveOutRequest& request,
                                                              PersistentChange& change);
  Task<bool> abort_tasks(Shard& shard, const PersistentChange& change, const NexusIdentity& except,
                         const std::function<bool()>& command_gone);
  void commit(const PersistentChange& change);
  void arm_all();
  bool may_conflict(const ItlNexus& itl) const;

  LogicalUnit& unit_;
  std::unique_ptr<StateStore> store_;
  mutable Mutex mutex_;
  std::unordered_set<ItlNexus*> nexuses_;
  ItlNexus* reserved_by_ = nullptr;  // RESERVE
  PersistentState persistent_;
  bool changing_ = false;  // a PERSISTENT RESERVE OUT is under way
  bool saved_ = false;     // the store holds registrations, or may
  Bell changed_;
};

NexusIdentity identity_of(const ItlNexus& itl);

}  // namespace tgt
