// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/logical_unit.h"
#include "core/nexus.h"
#include "core/statistics.h"
#include "scsi/lun.h"

namespace tgt {

// One I_T_L nexus (SAM-6): what a logical unit knows of one initiator. Its `armed` word is all that a SIMPLE command on
// a quiet logical unit has to look at: zero means that nothing stands in its way. Made by std::make_shared.
class ItlNexus : public std::enable_shared_from_this<ItlNexus> {
 public:
  // Why a command of this nexus must take the slow path. Set and cleared under the lock of the class that owns the
  // reason; read by the nexus's shard without one.
  enum Armed : std::uint32_t {
    unit_attention = 1u << 0,     // UnitAttentions: one is pending for this nexus
    task_ordering = 1u << 1,      // TaskSet: ordered tasks, a reset, or a drain
    reservation = 1u << 2,        // Reservations: this nexus may conflict
    removed = 1u << 3,            // Target: the LUN is mapped no more; look it up again
    asymmetric_access = 1u << 4,  // Target: the port may be in a state that does not serve everything
  };

  ItlNexus(Nexus& nexus, Lun lun, std::shared_ptr<LogicalUnit> unit);
  ~ItlNexus();
  ItlNexus(const ItlNexus&) = delete;
  ItlNexus& operator=(const ItlNexus&) = delete;

  Nexus& nexus() const { return nexus_; }
  Lun lun() const { return lun_; }
  LogicalUnit& unit() const { return *unit_; }
  const std::shared_ptr<LogicalUnit>& shared_unit() const { return unit_; }
  std::uint32_t armed() const { return armed_.load(std::memory_order_acquire); }
  void arm(std::uint32_t reasons) { armed_.fetch_or(reasons, std::memory_order_acq_rel); }
  void disarm(std::uint32_t reasons) { armed_.fetch_and(~reasons, std::memory_order_acq_rel); }
  // Changes whenever what this initiator asked of the unit until then has come to an end: with the unit's, and when all
  // of its tasks there are aborted, by itself or by one that preempts it. Before they are marked: what compares it
  // later is refused, what has compared it is marked.
  std::uint32_t generation() const { return unit_->generation() + aborts_.load(); }
  void tasks_are_aborted() { aborts_.fetch_add(1); }
  // Its tasks in the unit's task set now. Own shard.
  std::size_t tasks() const { return tasks_; }
  Statistics& statistics() { return statistics_; }
  const Statistics& statistics() const { return statistics_; }

 private:
  friend class TaskSet;
  friend class Nexus;
  Nexus& nexus_;
  Lun lun_;
  std::shared_ptr<LogicalUnit> unit_;
  std::atomic<std::uint32_t> armed_{0};
  std::size_t tasks_ = 0;                 // in the task set; own shard
  std::atomic<std::uint32_t> aborts_{0};  // of all of its tasks
  Statistics statistics_;
};

}  // namespace tgt
