// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/itl_nexus.h"
#include "core/nexus.h"
#include "reactor/task.h"
#include "scsi/sense.h"
#include "scsi/task_management.h"

namespace tgt {

// SAM-6's task manager. It answers "function complete" only when the tasks it was to end have ended (none of them will
// touch the medium any more) and, for a reset, the device or a proved quiesce says so; otherwise "function rejected",
// and the tasks go on. Called on the nexus's shard, after all commands that came before the function were given to
// TaskRouter::execute().
class TaskManager {
 public:
  // How long to wait for tasks in flight; below the initiators' own timers (15 s for an abort, 30 s for a reset).
  struct Limits {
    Duration abort = 10s;
    Duration reset = 25s;
  };
  explicit TaskManager(Limits limits) : limits_(limits) {}

  struct Request {
    TaskManagementFunction function{};
    be64 lun{};
    TaskTag referenced_tag{};
  };
  // ABORT TASK and QUERY TASK of an unknown tag give task_does_not_exist: whether the tag is one that may still come is
  // for the transport to judge (RFC 7143, 11.6.1). After TARGET COLD RESET the transport ends its sessions once the
  // response has left (the core has asked the other nexuses' sessions to end).
  // The nexus (not its session) must be kept until this has ended; that close_nexus() ends first does no harm.
  Task<TaskManagementResponse> perform(Nexus& nexus, Request request);

 private:
  Task<TaskManagementResponse> abort_task(ItlNexus& itl, TaskTag tag);
  Task<TaskManagementResponse> abort_task_set(ItlNexus& itl);
  Task<TaskManagementResponse> clear_task_set(ItlNexus& itl);
  Task<TaskManagementResponse> logical_unit_reset(Shard& here, std::shared_ptr<LogicalUnit> unit);
  Task<TaskManagementResponse> target_reset(Nexus& nexus, Sense condition);
  Task<TaskManagementResponse> target_cold_reset(Nexus& nexus);
  Task<TaskManagementResponse> i_t_nexus_reset(Nexus& nexus);
  static TaskManagementResponse query_task(ItlNexus& itl, TaskTag tag);
  static TaskManagementResponse query_task_set(ItlNexus& itl);
  static TaskManagementResponse query_asynchronous_event(ItlNexus& itl);

  Limits limits_;
};

}  // namespace tgt
