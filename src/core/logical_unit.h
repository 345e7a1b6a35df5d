// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "core/device_server.h"
#include "core/reservations/reservations.h"
#include "core/task_set.h"
#include "core/unit_attentions.h"
#include "reactor/bell.h"

namespace tgt {

// A logical unit (SAM-6): a device server with its task set and its unit attentions. Served by every shard at once.
// Shared by the targets that map it and the nexuses that use it: always made by std::make_shared.
class LogicalUnit : public std::enable_shared_from_this<LogicalUnit> {
 public:
  // `shards`: every data shard of the program, in index order; they outlive the logical unit.
  LogicalUnit(std::unique_ptr<DeviceServer> device, std::vector<Shard*> shards);
  ~LogicalUnit();
  LogicalUnit(const LogicalUnit&) = delete;
  LogicalUnit& operator=(const LogicalUnit&) = delete;

  DeviceServer& device() { return *device_; }
  TaskSet& task_set() { return task_set_; }
  UnitAttentions& unit_attentions() { return unit_attentions_; }
  Reservations& reservations() { return reservations_; }
  const std::vector<Shard*>& shards() const { return shards_; }

  // Every nexus that has touched this unit registers here, so that unit attentions and arming reach it.
  void attach(ItlNexus& itl);
  void detach(ItlNexus& itl);

  // A nexus has gone, or was reset from its own side: what it alone held ends. On its shard.
  void nexus_lost(ItlNexus& itl);
  // The device has been reset: what a reset ends (SAM-6, 6.3.3) is ended, and every nexus will be told `condition`.
  void was_reset(const Sense& condition);
  // Another medium is in it, or may be: every nexus will be told. Before a task reaches it.
  void medium_changed();

  // Changes with a reset, another medium, a cleared task set, and when a device server begins to overwrite its whole
  // medium. A command that works on this unit without being in its task set (a copy, between two of its parts) is not
  // found by these; it compares the generation instead.
  std::uint32_t generation() const { return generation_.load(); }
  void begin_generation() { generation_.fetch_add(1); }

  // For who has frozen the task set: waits for the tasks that have begun, of whatever nexus. Those that have not will
  // find what is changed meanwhile. False: some have not ended in this time.
  Task<bool> wait_until_idle(Shard& shard, Duration longest);

  // How many LUNs of how many targets lead here; tasks that came through one may outlast it. True when with the last
  // one the last task has gone, too: who hears that closes the device.
  void mapped() {
    map_entries_.fetch_add(1);
    uses_.fetch_add(1);
  }
  void unmapped() { map_entries_.fetch_sub(1); }
  bool left() { return uses_.fetch_sub(1) == 1; }
  bool is_mapped() const { return map_entries_.load() != 0; }

  // A reset of the device is under way; it may outlast the function that asked for it. The device is not closed before.
  void reset_begins() { resets_.fetch_add(1); }
  void reset_ends();
  Task<void> wait_until_no_reset(Shard& shard);

 private:
  Task<bool> has_begun_tasks(Shard& shard);

  std::unique_ptr<DeviceServer> device_;
  std::vector<Shard*> shards_;
  UnitAttentions unit_attentions_;
  TaskSet task_set_;
  Reservations reservations_;
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<unsigned> map_entries_{0};
  std::atomic<unsigned> uses_{0};  // map entries, and former ones with tasks
  std::atomic<unsigned> resets_{0};
  Bell no_reset_;
};

}  // namespace tgt
