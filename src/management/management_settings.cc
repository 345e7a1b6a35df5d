// SPDX-License-Identifier: Apache-2.0
// What may be changed of a logical unit while it serves.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "management/management.h"

namespace tgt {
namespace {

std::vector<Setting> settings_of(const std::vector<Parameter>& parameters) {
  std::vector<Setting> settings;
  for (const Parameter& parameter : parameters) settings.push_back({.name = parameter.name, .value = parameter.value});
  return settings;
}

// Those that would give the unit another lasting name, each alone: they are its name together.
std::vector<Parameter> naming(const DeviceServer& device, const std::vector<Parameter>& parameters) {
  std::set<std::string> names;
  for (const Parameter& parameter : parameters) {
    const Setting setting{.name = parameter.name, .value = parameter.value};
    if (device.lasting_name_with({&setting, 1}) != device.lasting_name()) names.insert(parameter.name);
  }
  std::vector<Parameter> found;
  std::ranges::copy_if(parameters, std::back_inserter(found),
                       [&](const Parameter& parameter) { return names.contains(parameter.name); });
  return found;
}

bool is_among(const Parameter& parameter, const std::vector<Parameter>& all) {
  return std::ranges::find(all, parameter.name, &Parameter::name) != all.end();
}

// "scsi_id=X, scsi_sn=Y"
std::string text_of(const std::vector<Parameter>& step) {
  std::vector<std::string> items;
  for (const Parameter& parameter : step) items.push_back(printable(parameter.name + '=' + parameter.value));
  return fmt::format("{}", fmt::join(items, ", "));
}

ManagementErrorCode code_of(SettingRefused::Kind kind) {
  switch (kind) {
    case SettingRefused::Kind::removal_prevented:
      return ManagementErrorCode::removal_prevented;
    case SettingRefused::Kind::impossible:
      break;
  }
  return ManagementErrorCode::invalid_request;
}

Result<SettingHolds, ManagementError> configure_device(const std::string& name, LogicalUnit& unit,
                                                       const std::vector<Parameter>& step) {
  DeviceServer& device = unit.device();
  const bool was_there = device.describe().online;
  SettingHolds holds = SettingHolds::at_once;
  for (const Parameter& parameter : step) {
    const auto taken = device.configure(parameter.name, parameter.value);
    if (!taken) {
      return failure(ManagementError{code_of(taken.error().kind),
                                     fmt::format("{}: {}: {}", name, text_of({parameter}), taken.error().reason)});
    }
    if (*taken == SettingHolds::once_settled) holds = *taken;
  }
  const bool comes_back = !was_there && device.describe().online;
  if (comes_back) unit.medium_changed();
  return holds;
}

// What initiators keep is not that way any more, and every one of them has to hear of it (SAM-6, 5.14).
void tell_changes(LogicalUnit& unit, const DeviceServer::Told& before, const DeviceServer::Told& after) {
  UnitAttentions& attentions = unit.unit_attentions();
  if (after.mode_parameters != before.mode_parameters) attentions.establish(Sense::mode_parameters_changed());
  if (after.capacity != before.capacity) attentions.establish(Sense::capacity_data_changed());
  if (after.inquiry != before.inquiry) attentions.establish(Sense::inquiry_data_changed());
}

// An answer on its way, shared by who waits for it and what comes to it, which may outlast the wait.
struct AnswerComing {
  std::optional<ManagementResult> answer{};
  bool given_up = false;
};

Task<void> come_to(std::shared_ptr<AnswerComing> coming, std::string what, Management::Answer answer, Log log) {
  coming->answer = co_await std::move(answer);
  if (!coming->given_up) co_return;
  if (*coming->answer) log.info("{}: has come to its end after all", what);
  if (!*coming->answer) log.error("{}: has come to its end: {}", what, coming->answer->error().detail);
}

}  // namespace

Management::Answer Management::answer_in_bounded_time(PendingWork::Subject subject, std::string what, Answer answer) {
  const auto coming = std::make_shared<AnswerComing>();
  co_await pending_.run(home(), std::move(subject), come_to(coming, what, std::move(answer), with_.log),
                        device_deadline());
  if (coming->answer) co_return *coming->answer;
  coming->given_up = true;
  co_return refused(ManagementErrorCode::invalid_request,
                    what + ": the device does not come to an end; it goes on, and the log will say how it ends");
}

Management::Answer Management::update_logical_unit(std::int32_t target_id, std::uint64_t number,
                                                   std::vector<Parameter> parameters) {
  const auto target = find_target(target_id);
  if (!target) co_return failure(target.error());
  const std::string name = unit_name(target_id, number);
  const Lun lun{static_cast<std::uint32_t>(number)};
  const std::shared_ptr<LogicalUnit> unit = number <= Lun::highest ? (*target)->find(lun) : nullptr;
  if (!unit) co_return refused(ManagementErrorCode::no_logical_unit, name);
  // Scripts of the field rely on it: each one is tried, and the last one decides what is answered.
  ManagementResult last = done();
  const std::vector<Parameter> its_name = naming(unit->device(), parameters);
  std::optional<ManagementResult> renamed;
  for (const Parameter& parameter : parameters) {
    const bool names = is_among(parameter, its_name);
    if (names && renamed) {
      last = *renamed;
      continue;
    }
    // It may have been removed while the one before was waited for.
    if ((*target)->find(lun) != unit) co_return refused(ManagementErrorCode::no_logical_unit, name);
    const std::vector<Parameter> step = names ? its_name : std::vector{parameter};
    last = co_await answer_in_bounded_time({.name = name, .target = *target, .unit = unit},
                                           fmt::format("{}: {}", name, text_of(step)),
                                           change({(*target)->tid(), lun.number}, unit, step));
    if (names) renamed = last;
    if (!last) with_.log.error("{}", last.error().detail);
  }
  co_return last;
}

Management::Answer Management::change(Unit which, std::shared_ptr<LogicalUnit> unit, std::vector<Parameter> step) {
  const std::string name = unit_name(static_cast<std::int32_t>(which.first), which.second);
  if (step.front().name == "path") return change_medium(name, std::move(unit), step.front().value);
  return configure(which, std::move(unit), std::move(step));
}

Management::Answer Management::configure(Unit which, std::shared_ptr<LogicalUnit> unit, std::vector<Parameter> step) {
  DeviceServer& device = unit->device();
  const std::string name = unit_name(static_cast<std::int32_t>(which.first), which.second);
  const bool renames =
      with_.state_files != nullptr && device.lasting_name_with(settings_of(step)) != device.lasting_name();
  const DeviceServer::Told before = device.told();
  const auto configured = renames ? co_await rename(which, unit, step) : configure_device(name, *unit, step);
  if (!configured) co_return failure(configured.error());
  const DeviceServer::Told changed = device.told();
  const bool settles = *configured == SettingHolds::once_settled;
  const auto unsettled = settles ? co_await device.settle(home()) : std::nullopt;
  tell_changes(*unit, before, changed);
  tell_changes(*unit, changed, device.told());  // what could not be settled is taken back
  if (!unsettled) co_return done();
  co_return refused(
      ManagementErrorCode::invalid_request,
      fmt::format("{}: {}: the write cache stays, as what is in it cannot be made durable", name, text_of(step)));
}

// What a unit keeps is kept by the name that initiators know it by, so that a different one never finds it.
Task<Result<SettingHolds, ManagementError>> Management::rename(Unit which, std::shared_ptr<LogicalUnit> unit,
                                                               std::vector<Parameter> step) {
  const std::string name = unit_name(static_cast<std::int32_t>(which.first), which.second);
  if (!units_in_the_making_.insert(which).second) {
    co_return failure(
        ManagementError{ManagementErrorCode::logical_unit_active, name + ": somebody else is changing it"});
  }
  unit->task_set().freeze();  // so that none begins meanwhile
  const bool idle = co_await unit->wait_until_idle(home(), with_.patience.tasks);
  Result<void, std::string> moved = failure(std::string("commands are running"));
  if (idle) {
    moved = co_await with_.state_files->move(home(), unit, unit->device().lasting_name_with(settings_of(step)));
  }
  Result<SettingHolds, ManagementError> result = failure(
      ManagementError{idle ? ManagementErrorCode::invalid_request : ManagementErrorCode::logical_unit_active, {}});
  if (moved) {
    result = configure_device(name, *unit, step);
  } else {
    result.error().detail = fmt::format("{}: its name stays, without {}: {}", name, text_of(step), moved.error());
  }
  unit->task_set().thaw();
  units_in_the_making_.erase(which);
  co_return result;
}

// The medium of a unit is exchanged while none of its commands runs; that of a unit that serves may only have grown or
// shrunk.
Management::Answer Management::change_medium(std::string name, std::shared_ptr<LogicalUnit> unit, std::string path) {
  DeviceServer& device = unit->device();
  const bool other = device.is_other_medium(path);
  if (other) {
    unit->task_set().freeze();  // so that none begins meanwhile
    const bool idle = co_await unit->wait_until_idle(home(), with_.patience.tasks);
    if (!idle) {
      unit->task_set().thaw();
      co_return refused(ManagementErrorCode::logical_unit_active, name + ": commands are running");
    }
  }
  const auto change = co_await (other ? device.change_medium(home(), path) : device.follow_medium(home()));
  const bool exchanged = change && *change == MediumChange::medium;
  if (exchanged) unit->medium_changed();  // before anything reaches it
  if (other) unit->task_set().thaw();
  if (!change) co_return refused(ManagementErrorCode::invalid_request, fmt::format("{}: {}", name, change.error()));
  if (*change == MediumChange::none) co_return done();
  if (!exchanged) unit->unit_attentions().establish(Sense::capacity_data_changed());
  with_.log.info("{}: {} {}, {} bytes", name, exchanged ? "loaded" : "resized", printable(path),
                 device.describe().size_bytes);
  co_return done();
}

}  // namespace tgt
