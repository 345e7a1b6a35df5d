// SPDX-License-Identifier: Apache-2.0
#include "core/task_router.h"

#include <algorithm>
#include <utility>

#include "core/absent_unit.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/nexus.h"
#include "core/refusals.h"
#include "core/request_sense.h"
#include "core/target.h"
#include "scsi/opcodes.h"

namespace tgt {

namespace {

// SAM-6, 5.3: TASK SET FULL for a nexus that has other tasks there, BUSY for one that has none.
Reply no_room(bool has_other_tasks) {
  return Reply::with_status(has_other_tasks ? Status::task_set_full : Status::busy);
}

}  // namespace

ItlNexus* TaskRouter::find_unit(Command& command) {
  if (command.is_part()) return command.itl_;
  const std::optional<Lun> lun = Lun::from_wire(command.request().lun);
  if (!lun) return nullptr;
  ItlNexus* itl = command.nexus().itl(*lun);
  if (itl != nullptr && (itl->armed() & ItlNexus::removed) != 0) {
    command.nexus().forget(*itl);
    itl = command.nexus().itl(*lun);
  }
  return itl;
}

// INQUIRY and REPORT LUNS leave a unit attention pending, REQUEST SENSE returns it as data (SAM-6, 5.14).
std::optional<Reply> TaskRouter::report_unit_attention(Command& command, const Decoded& decoded) {
  if (decoded && ((*decoded)->before_unit_attention || command.cdb().operation_code() == operation_code::inquiry)) {
    return std::nullopt;
  }
  const std::optional<Sense> condition = command.itl().unit().unit_attentions().take(command.itl());
  if (!condition) return std::nullopt;
  return decoded ? RequestSense::report(command, *condition) : Reply::check_condition(*condition);
}

std::optional<Reply> TaskRouter::obstacle(Command& command, const Decoded& decoded) {
  const std::uint32_t armed = command.itl().armed();
  if ((armed & ItlNexus::removed) != 0) return Reply::check_condition(Sense::logical_unit_not_supported());
  const bool outlived = command.is_part() && command.itl().generation() != command.generation_;
  if (outlived) return Reply::check_condition(Sense::aborted_command());
  if ((armed & ItlNexus::unit_attention) != 0 && !command.is_part()) {
    std::optional<Reply> attention = report_unit_attention(command, decoded);
    if (attention) return attention;
  }
  if ((armed & ItlNexus::asymmetric_access) != 0) {
    const Nexus& nexus = command.nexus();
    const auto state = nexus.target().port_groups().state_of(nexus.properties().relative_target_port);
    const std::optional<Sense> refused = asymmetric_access_refusal(state, command.cdb());
    if (refused) return Reply::check_condition(*refused);
  }
  if ((armed & ItlNexus::reservation) != 0 && decoded) {
    const bool conflict = command.itl().unit().reservations().conflicts(command.itl(), **decoded, command.cdb());
    if (conflict) return Reply::with_status(Status::reservation_conflict);
  }
  return std::nullopt;
}

// A unit attention is cleared by being reported (SAM-6, 5.14), which one that came from the device with a response
// that is not sent has not been.
void TaskRouter::keep_unit_attention(Command& command) {
  if (command.reply_.status != Status::check_condition) return;
  const std::optional<Sense> condition = command.reply_.sense_data.decode();
  if (!condition || condition->key != SenseKey::unit_attention) return;
  command.itl().unit().unit_attentions().establish_for(command.itl(), *condition);
}

TaskRouter::Outcome TaskRouter::answer_without_unit(Command& command) {
  if (command.nexus().closing()) return Outcome::silent;
  const bool names_unit =
      Lun::from_wire(command.request().lun) && command.cdb().operation_code() != operation_code::report_luns;
  if (names_unit && command.nexus().held_back()) {
    command.reply_ = Reply::with_status(Status::busy);
    shape_reply(command, nullptr, SenseData::Format::fixed);
    return Outcome::respond;
  }
  const Decoded decoded = AbsentUnit::decode(command);
  command.reply_ = decoded ? AbsentUnit::run(**decoded, command) : Reply::check_condition(decoded.error());
  shape_reply(command, decoded ? *decoded : nullptr, SenseData::Format::fixed);
  return Outcome::respond;
}

TaskRouter::Outcome TaskRouter::refuse(Command& command, Reply reply) {
  command.reply_ = std::move(reply);
  shape_reply(command, nullptr, command.itl().unit().device().sense_format());
  return Outcome::respond;
}

Task<TaskRouter::Outcome> TaskRouter::execute(Command& command) {
  ItlNexus* const itl = find_unit(command);
  if (itl == nullptr || command.cdb().operation_code() == operation_code::report_luns) {
    co_return answer_without_unit(command);
  }
  command.itl_ = itl;
  // The unit may not know the nexus any more, though another one, where the whole task is, still does.
  if (command.is_part() && command.nexus().closing()) {
    co_return refuse(command, Reply::check_condition(Sense::aborted_command()));
  }
  if (command.request().attribute == TaskAttribute::aca) {
    co_return refuse(command, Reply::check_condition(refusal::invalid_message));
  }
  DeviceServer& device = itl->unit().device();
  TaskSet& task_set = itl->unit().task_set();
  const Decoded decoded = device.decode(command.cdb());
  const TaskSet::Entry entry = task_set.enter(command, decoded ? (*decoded)->overlap : Overlap::shared);
  if (entry == TaskSet::Entry::full) co_return refuse(command, no_room(itl->tasks() != 0));
  if (entry == TaskSet::Entry::dormant) co_await task_set.admission(command);

  count_submitted(command);
  std::optional<Reply> reply;
  if (command.state_ == Command::State::cancelled || command.abort_requested()) {
    reply = Reply::check_condition(Sense::aborted_command());
  } else if (itl->armed() != 0 || command.is_part()) {
    reply = obstacle(command, decoded);
  }
  if (reply) {
    command.reply_ = std::move(*reply);
  } else if (!decoded) {
    command.reply_ = Reply::check_condition(decoded.error());
  } else if ((*decoded)->immediate != nullptr) {
    command.reply_ = (*decoded)->immediate(device, command);
  } else {
    command.in_device_ = true;
    command.reply_ = co_await (*decoded)->deferred(device, command);
  }
  if (command.reply_.sense == refusal::insufficient_resources) {
    command.reply_ = no_room(itl->tasks() > 1);
  }
  shape_reply(command, decoded ? *decoded : nullptr, device.sense_format());
  count_done(command);
  const bool verdict_awaited = task_set.end(command);
  if (verdict_awaited) co_await task_set.verdict(command);
  const Outcome outcome = command.aborted_ ? Outcome::silent : Outcome::respond;
  if (outcome == Outcome::silent) keep_unit_attention(command);
  task_set.leave(command);
  co_return outcome;
}

}  // namespace tgt
