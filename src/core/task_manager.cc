// SPDX-License-Identifier: Apache-2.0
#include "core/task_manager.h"

#include <utility>
#include <vector>

#include "core/abort_sweep.h"
#include "core/every_shard.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/target.h"
#include "core/unit_reset.h"

namespace tgt {

using Function = TaskManagementFunction;
using Response = TaskManagementResponse;

namespace {

Response response_for(bool complete) { return complete ? Response::function_complete : Response::function_rejected; }

bool needs_unit(Function function) {
  switch (function) {
    case Function::abort_task:
    case Function::abort_task_set:
    case Function::clear_task_set:
    case Function::logical_unit_reset:
    case Function::query_task:
    case Function::query_task_set:
    case Function::query_asynchronous_event:
      return true;
    default:
      return false;
  }
}

}  // namespace

Task<Response> TaskManager::perform(Nexus& nexus, Request request) {
  const std::optional<Lun> lun = Lun::from_wire(request.lun);
  ItlNexus* const itl = lun && needs_unit(request.function) ? nexus.itl(*lun) : nullptr;
  if (itl == nullptr && needs_unit(request.function) && lun && nexus.held_back()) {
    // Nothing can be said of the tasks of a nexus that is gone, but a reset of the device may be what ends them.
    const std::shared_ptr<LogicalUnit> unit = nexus.target().find(*lun);
    if (unit == nullptr || request.function != Function::logical_unit_reset) co_return Response::function_rejected;
    co_return co_await logical_unit_reset(nexus.shard(), unit);
  }
  if (needs_unit(request.function) && (itl == nullptr || (itl->armed() & ItlNexus::removed) != 0)) {
    co_return Response::incorrect_logical_unit_number;
  }
  switch (request.function) {
    case Function::abort_task:
      co_return co_await abort_task(*itl, request.referenced_tag);
    case Function::abort_task_set:
      co_return co_await abort_task_set(*itl);
    case Function::clear_aca:
      co_return Response::function_not_supported;
    case Function::clear_task_set:
      co_return co_await clear_task_set(*itl);
    case Function::logical_unit_reset:
      co_return co_await logical_unit_reset(nexus.shard(), itl->shared_unit());
    case Function::target_warm_reset:
      co_return co_await target_reset(nexus, Sense::scsi_bus_reset());
    case Function::target_cold_reset:
      co_return co_await target_cold_reset(nexus);
    case Function::task_reassign:
      co_return Response::reassignment_not_supported;
    case Function::query_task:
      co_return query_task(*itl, request.referenced_tag);
    case Function::query_task_set:
      co_return query_task_set(*itl);
    case Function::i_t_nexus_reset:
      co_return co_await i_t_nexus_reset(nexus);
    case Function::query_asynchronous_event:
      co_return query_asynchronous_event(*itl);
  }
  co_return Response::function_not_supported;
}

Task<Response> TaskManager::abort_task(ItlNexus& itl, TaskTag tag) {
  Shard& here = itl.nexus().shard();
  const auto is_it = [nexus = &itl.nexus(), tag](const Command& command) {
    return &command.nexus() == nexus && command.request().tag == tag;
  };
  AbortSweep task(here, {&here}, itl.shared_unit(), is_it);
  const TimePoint until = here.now() + limits_.abort;
  co_await task.mark();
  if (!task.found_any()) {
    co_await task.settle(AbortVerdict::complete);
    co_return Response::task_does_not_exist;
  }
  const bool ended = co_await task.wait(until);
  co_await task.settle(ended ? AbortVerdict::complete : AbortVerdict::rejected);
  co_return response_for(ended);
}

Task<Response> TaskManager::abort_task_set(ItlNexus& itl) {
  Shard& here = itl.nexus().shard();
  const auto is_ours = [nexus = &itl.nexus()](const Command& command) { return &command.nexus() == nexus; };
  AbortSweep tasks(here, {&here}, itl.shared_unit(), is_ours);
  const TimePoint until = here.now() + limits_.abort;
  itl.tasks_are_aborted();
  co_await tasks.mark();
  const bool ended = co_await tasks.wait(until);
  co_await tasks.settle(ended ? AbortVerdict::complete : AbortVerdict::rejected);
  co_return response_for(ended);
}

// TST and TAS of the control mode page are zero: one task set for all nexuses; who loses tasks by another's function is
// told by a unit attention and not by TASK ABORTED status (SAM-6, 6.3.2).
Task<Response> TaskManager::clear_task_set(ItlNexus& itl) {
  Shard& here = itl.nexus().shard();
  const Nexus* const requester = &itl.nexus();
  AbortSweep tasks(here, itl.unit().shards(), itl.shared_unit(), [](const Command&) { return true; });
  const TimePoint until = here.now() + limits_.abort;
  itl.unit().begin_generation();  // before they are marked, as ItlNexus::tasks_are_aborted()
  co_await tasks.mark();
  const bool ended = co_await tasks.wait(until);
  const AbortGroup::Notice notice{.except = requester, .condition = Sense::commands_cleared_by_another_initiator()};
  co_await tasks.settle(ended ? AbortVerdict::complete : AbortVerdict::rejected, notice);
  co_return response_for(ended);
}

Task<Response> TaskManager::logical_unit_reset(Shard& here, std::shared_ptr<LogicalUnit> unit) {
  const UnitReset reset{
      .kind = ResetKind::logical_unit, .condition = Sense::bus_device_reset(), .until = here.now() + limits_.reset};
  const bool complete = co_await reset.perform(here, std::move(unit));
  co_return response_for(complete);
}

Task<Response> TaskManager::target_reset(Nexus& nexus, Sense condition) {
  Shard& here = nexus.shard();
  const UnitReset reset{.kind = ResetKind::target, .condition = condition, .until = here.now() + limits_.reset};
  bool all_complete = true;
  const auto reset_one = [&](std::shared_ptr<LogicalUnit> unit) -> Task<void> {
    const bool complete = co_await reset.perform(here, std::move(unit));
    if (!complete) all_complete = false;
  };
  Join resets;
  for (const auto& [lun, unit] : nexus.target().logical_units()) resets.add(reset_one(unit));
  co_await resets.all();
  co_return response_for(all_complete);
}

// SAM-6 calls this a hard reset; RFC 7143 (11.5.1) has all sessions of the target end with it.
Task<Response> TaskManager::target_cold_reset(Nexus& nexus) {
  const Response response = co_await target_reset(nexus, Sense::power_on_or_reset());
  if (response == Response::function_complete) {
    nexus.target().end_all_sessions(SessionEnd::target_reset, &nexus);
  }
  co_return response;
}

Response TaskManager::query_task(ItlNexus& itl, TaskTag tag) {
  const bool found = itl.unit().task_set().any_on(itl.nexus().shard(), [&](const Command& command) {
    return &command.nexus() == &itl.nexus() && command.request().tag == tag;
  });
  return found ? Response::function_succeeded : Response::task_does_not_exist;
}

Response TaskManager::query_task_set(ItlNexus& itl) {
  return itl.tasks() != 0 ? Response::function_succeeded : Response::function_complete;
}

Response TaskManager::query_asynchronous_event(ItlNexus& itl) {
  const bool pending = itl.unit().unit_attentions().peek(itl).has_value();
  return pending ? Response::function_succeeded : Response::function_complete;
}

// As if the nexus had been lost and had come back (SAM-6, 6.3.5): its tasks on every unit, and what it alone held.
Task<Response> TaskManager::i_t_nexus_reset(Nexus& nexus) {
  Shard& here = nexus.shard();
  const TimePoint until = here.now() + limits_.abort;
  const auto is_ours = [&nexus](const Command& command) { return &command.nexus() == &nexus; };
  std::vector<std::unique_ptr<AbortSweep>> sweeps;
  Join marks;
  for (const auto& itl : nexus.itls()) {
    sweeps.push_back(std::make_unique<AbortSweep>(here, std::vector<Shard*>{&here}, itl->shared_unit(), is_ours));
    marks.add(sweeps.back()->mark());
  }
  co_await marks.all();
  bool all_ended = true;
  for (const auto& sweep : sweeps) {
    const bool ended = co_await sweep->wait(until);
    if (!ended) all_ended = false;
  }
  for (const auto& sweep : sweeps) {
    co_await sweep->settle(all_ended ? AbortVerdict::complete : AbortVerdict::rejected);
  }
  if (!all_ended) co_return Response::function_rejected;
  for (const auto& itl : nexus.itls()) {
    itl->unit().nexus_lost(*itl);
    itl->unit().unit_attentions().establish_for(*itl, Sense::i_t_nexus_loss());
  }
  co_return Response::function_complete;
}

}  // namespace tgt
