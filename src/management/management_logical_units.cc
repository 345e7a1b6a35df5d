// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "control/layouts.h"
#include "management/management.h"
#include "reactor/begun.h"

namespace tgt {
namespace {

// A removal on its way, shared by who waits for it and the removal itself, which may outlive the wait.
struct UnitRemoval {
  std::shared_ptr<Target> target;
  Lun lun;
  Target::WhenActive when_active;
  Target::Removal outcome = Target::Removal::not_found;
};

Task<void> remove_unit(Shard& shard, std::shared_ptr<UnitRemoval> removal) {
  const Target::Removal outcome = co_await removal->target->unmap(shard, removal->lun, removal->when_active);
  removal->outcome = outcome;
}

std::string unit_name(std::int32_t target_id, std::uint64_t number) {
  return fmt::format("target {} LUN {}", target_id, number);
}

bool is_controller(LogicalUnit& unit) { return unit.device().type() == PeripheralDeviceType::storage_array_controller; }

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
                                                       const Parameter& parameter) {
  DeviceServer& device = unit.device();
  const bool was_there = device.describe().online;
  const auto taken = device.configure(parameter.name, parameter.value);
  if (!taken) {
    return failure(
        ManagementError{code_of(taken.error().kind), fmt::format("{}: {}={}: {}", name, printable(parameter.name),
                                                                 printable(parameter.value), taken.error().reason)});
  }
  const bool comes_back = !was_there && device.describe().online;
  if (comes_back) unit.medium_changed();
  return *taken;
}

// What initiators keep is not that way any more, and every one of them has to hear of it (SAM-6, 5.14).
void tell_changes(LogicalUnit& unit, const DeviceServer::Told& before, const DeviceServer::Told& after) {
  UnitAttentions& attentions = unit.unit_attentions();
  if (after.mode_parameters != before.mode_parameters) attentions.establish(Sense::mode_parameters_changed());
  if (after.capacity != before.capacity) attentions.establish(Sense::capacity_data_changed());
  if (after.inquiry != before.inquiry) attentions.establish(Sense::inquiry_data_changed());
}

}  // namespace

LogicalUnitView logical_unit_view(Lun lun, const DeviceServer::Description& description) {
  return {.number = lun.number,
          .type = description.type_word,
          .scsi_id = description.scsi_id,
          .scsi_serial_number = description.serial_number,
          .size = description.size_bytes,
          .block_size = description.block_size,
          .online = description.online,
          .removable = description.removable,
          .removal_prevented = description.prevent_removal,
          .read_only = description.read_only,
          .software_write_protected = description.software_write_protect,
          .thin_provisioning = description.thin_provisioning,
          .store_type = description.store_type,
          .store_path = description.store_path == "None" ? std::string() : description.store_path,
          .store_flags = description.store_flags};
}

DeviceRequest Management::device_request(const Target& target, const NewLogicalUnit& unit, Lun lun) const {
  const TargetId tid = target.tid();
  const auto access = device_access_.find(tid);
  const bool raw_target = access != device_access_.end() && access->second == DeviceAccess::passed_through;
  const bool passthrough = unit.kind == LogicalUnitKind::passthrough || (raw_target && !unit.store_type);
  return {.tid = tid,
          .target_name = target.name(),
          .lun = lun,
          .kind = passthrough ? LogicalUnitKind::passthrough : unit.kind,
          .store_type = unit.store_type.value_or(passthrough ? "sg" : "rdwr"),
          .path = unit.path,
          .store_options = unit.store_options,
          .synchronous = unit.synchronous,
          .direct = unit.direct,
          .block_size = unit.block_size};
}

// Opens the device and finds what its unit kept before the daemon started.
Task<Result<std::shared_ptr<LogicalUnit>, std::string>> Management::make_unit(DeviceRequest request) {
  auto device = co_await with_.devices.open(home(), std::move(request));
  if (!device) co_return failure(std::move(device.error()));
  auto unit = std::make_shared<LogicalUnit>(std::move(*device), with_.shards);
  if (with_.state_files == nullptr) co_return unit;
  auto attached = co_await with_.state_files->attach(home(), unit);
  if (attached) co_return unit;
  co_await unit->device().close(home());
  co_return failure(std::move(attached.error()));
}

Management::Answer Management::create_logical_unit(NewLogicalUnit unit) {
  const std::string name = unit_name(unit.target_id, unit.number);
  auto found = find_target(unit.target_id);
  if (!found) co_return failure(found.error());
  const std::shared_ptr<Target> target = std::move(*found);
  if (unit.number > Lun::highest) {
    co_return refused(ManagementErrorCode::invalid_request, fmt::format("{}: the highest is {}", name, Lun::highest));
  }
  const Lun lun{static_cast<std::uint32_t>(unit.number)};
  const DeviceRequest request = device_request(*target, unit, lun);
  const std::shared_ptr<LogicalUnit> there = target->find(lun);
  const bool replaces_controller =
      there && lun.number == 0 && request.kind == LogicalUnitKind::passthrough && is_controller(*there);
  if ((there && !replaces_controller) || !units_in_the_making_.emplace(target->tid(), lun.number).second) {
    co_return refused(ManagementErrorCode::logical_unit_exists, name);
  }
  const auto opened = co_await make_unit(request);
  units_in_the_making_.erase({target->tid(), lun.number});
  if (!opened) {
    with_.log.error("{}: {}", name, opened.error());
    co_return refused(ManagementErrorCode::invalid_request, opened.error());
  }
  const std::shared_ptr<LogicalUnit>& made = *opened;
  if (replaces_controller) co_await target->unmap(home(), lun, Target::WhenActive::abort_tasks);
  const bool target_is_there =
      with_.targets.find(target->tid()) == target && !targets_being_removed_.contains(target->tid());
  if (!target_is_there || !target->map(lun, made)) {
    co_await made->device().close(home());
    co_return refused(ManagementErrorCode::invalid_request, fmt::format("{}: changed meanwhile; try again", name));
  }
  with_.log.info("{}: created, {} {}", name, request.store_type, printable(request.path.value_or("without medium")));
  co_return done();
}

Management::Answer Management::remove_logical_unit(std::int32_t target_id, std::uint64_t number) {
  const std::string name = unit_name(target_id, number);
  auto found = find_target(target_id);
  if (!found) co_return failure(found.error());
  const std::shared_ptr<Target> target = std::move(*found);
  const Lun lun{static_cast<std::uint32_t>(number)};
  const std::shared_ptr<LogicalUnit> there = number <= Lun::highest ? target->find(lun) : nullptr;
  if (!there) co_return refused(ManagementErrorCode::no_logical_unit, name);
  if (is_controller(*there)) {
    co_return refused(ManagementErrorCode::invalid_request, name + ": the controller goes with its target");
  }
  const auto removal = co_await unmap_in_bounded_time(target, lun, Target::WhenActive::refuse);
  if (removal == Target::Removal::not_found) co_return refused(ManagementErrorCode::no_logical_unit, name);
  if (removal == Target::Removal::active) {
    co_return refused(ManagementErrorCode::logical_unit_active, name + ": commands are running");
  }
  if (lun.number == 0) {
    target->map(
        lun, std::make_shared<LogicalUnit>(with_.devices.make_controller(target->tid(), target->name()), with_.shards));
  }
  with_.log.info("{}: removed{}", name, removal ? "" : ", while its device has not been given back yet");
  co_return done();
}

// The medium of a unit is exchanged while none of its commands runs; that of a unit that serves may only have grown or
// shrunk.
Management::Answer Management::change_medium(std::string name, std::shared_ptr<LogicalUnit> unit, std::string path) {
  DeviceServer& device = unit->device();
  const bool other = device.is_other_medium(path);
  if (other) {
    unit->task_set().freeze();  // so that none begins meanwhile
    const bool idle = co_await unit->wait_until_idle(home(), with_.longest_task_wait);
    if (!idle) {
      unit->task_set().thaw();
      co_return refused(ManagementErrorCode::logical_unit_active, name + ": commands are running");
    }
  }
  const auto change = co_await (other ? device.change_medium(home(), path) : device.follow_medium(home()));
  const bool exchanged = change && *change == MediumChange::medium;
  if (exchanged) unit->medium_changed();  // before anything reaches it
  if (other) unit->task_set().thaw();
  if (!change) {
    with_.log.error("{}: {}", name, change.error());
    co_return refused(ManagementErrorCode::invalid_request, fmt::format("{}: {}", name, change.error()));
  }
  if (*change == MediumChange::none) co_return done();
  if (!exchanged) unit->unit_attentions().establish(Sense::capacity_data_changed());
  with_.log.info("{}: {} {}, {} bytes", name, exchanged ? "loaded" : "resized", printable(path),
                 device.describe().size_bytes);
  co_return done();
}

Management::Answer Management::configure(Unit which, std::shared_ptr<LogicalUnit> unit, Parameter parameter) {
  DeviceServer& device = unit->device();
  const Setting setting{.name = parameter.name, .value = parameter.value};
  const bool renames = with_.state_files != nullptr && device.lasting_name_with({&setting, 1}) != device.lasting_name();
  const std::string name = unit_name(static_cast<std::int32_t>(which.first), which.second);
  const DeviceServer::Told before = device.told();
  const auto configured = renames ? co_await rename(which, unit, parameter) : configure_device(name, *unit, parameter);
  if (!configured) co_return failure(configured.error());
  const DeviceServer::Told changed = device.told();
  const bool settles = *configured == SettingHolds::once_settled;
  const auto unsettled = settles ? co_await device.settle(home()) : std::nullopt;
  tell_changes(*unit, before, changed);
  tell_changes(*unit, changed, device.told());  // what could not be settled is taken back
  if (!unsettled) co_return done();
  const std::string why = fmt::format("{}: '{}={}': the write cache stays, as what is in it cannot be made durable",
                                      name, printable(parameter.name), printable(parameter.value));
  with_.log.error("{}", why);
  co_return refused(ManagementErrorCode::invalid_request, why);
}

// What a unit keeps is kept by the name that initiators know it by, so that a different one never finds it.
Task<Result<SettingHolds, ManagementError>> Management::rename(Unit which, std::shared_ptr<LogicalUnit> unit,
                                                               Parameter parameter) {
  const std::string name = unit_name(static_cast<std::int32_t>(which.first), which.second);
  if (!units_in_the_making_.insert(which).second) {
    co_return failure(
        ManagementError{ManagementErrorCode::logical_unit_active, name + ": somebody else is changing it"});
  }
  unit->task_set().freeze();  // so that none begins meanwhile
  const bool idle = co_await unit->wait_until_idle(home(), with_.longest_task_wait);
  Result<void, std::string> moved = failure(std::string("commands are running"));
  if (idle) {
    const Setting setting{.name = parameter.name, .value = parameter.value};
    moved = co_await with_.state_files->move(home(), unit, unit->device().lasting_name_with({&setting, 1}));
  }
  Result<SettingHolds, ManagementError> result = failure(
      ManagementError{idle ? ManagementErrorCode::invalid_request : ManagementErrorCode::logical_unit_active, {}});
  if (moved) {
    result = configure_device(name, *unit, parameter);
  } else {
    result.error().detail = fmt::format("{}: {} stays as it is: {}", name, printable(parameter.name), moved.error());
    with_.log.error("{}", result.error().detail);
  }
  unit->task_set().thaw();
  units_in_the_making_.erase(which);
  co_return result;
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
  for (const Parameter& parameter : parameters) {
    // It may have been removed while the one before was waited for.
    if ((*target)->find(lun) != unit) co_return refused(ManagementErrorCode::no_logical_unit, name);
    if (parameter.name == "path") {
      last = co_await change_medium(name, unit, parameter.value);
    } else {
      last = co_await configure({(*target)->tid(), lun.number}, unit, parameter);
    }
  }
  co_return last;
}

Management::Answer Management::stat_logical_unit(std::int32_t target_id, std::uint64_t number) {
  const auto target = find_target(target_id);
  if (!target) co_return failure(target.error());
  if (number > Lun::highest || !(*target)->find(Lun{static_cast<std::uint32_t>(number)})) {
    co_return refused(ManagementErrorCode::no_logical_unit, unit_name(target_id, number));
  }
  std::vector<StatisticsRow> rows = statistics_of(**target);
  std::erase_if(rows, [&](const StatisticsRow& row) { return row.logical_unit_number != number; });
  co_return show_statistics(rows);
}

Task<std::optional<Target::Removal>> Management::unmap_in_bounded_time(std::shared_ptr<Target> target, Lun lun,
                                                                       Target::WhenActive when_active) {
  const auto removal = std::make_shared<UnitRemoval>(std::move(target), lun, when_active);
  const Begun removing(remove_unit(home(), removal));
  const bool ended = co_await removing.ended_by(home(), home().now() + with_.longest_close_wait);
  if (!ended) co_return std::nullopt;
  co_return removal->outcome;
}

}  // namespace tgt
