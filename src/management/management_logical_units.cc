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

bool is_controller(LogicalUnit& unit) { return unit.device().type() == PeripheralDeviceType::storage_array_controller; }

bool takes_place_of(LogicalUnit& there, const DeviceRequest& request) {
  return request.lun.number == 0 && request.kind == LogicalUnitKind::passthrough && is_controller(there);
}

Task<void> close_device(Shard& shard, std::shared_ptr<LogicalUnit> unit) { co_await unit->device().close(shard); }

}  // namespace

std::string unit_name(std::int32_t target_id, std::uint64_t number) {
  return fmt::format("target {} LUN {}", target_id, number);
}

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

DeviceRequest Management::device_request(const Target& target, const NewLogicalUnit& unit, Lun lun) {
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
          .block_size = unit.block_size,
          .obstacle_to_medium = [this](std::string identity) { return obstacle_to_medium(std::move(identity)); }};
}

// What was sent to a unit that was removed may still reach its file: not behind what the next one's initiators write.
Task<std::optional<std::string>> Management::obstacle_to_medium(std::string identity) {
  if (identity.empty()) co_return std::nullopt;
  const auto has_it = [&identity](const PendingWork::Subject& subject) {
    return subject.unit && !subject.unit->is_mapped() && subject.unit->device().medium_identity() == identity;
  };
  const auto former = co_await pending_.outlasting(home(), has_it, home().now() + with_.patience.former_unit);
  if (former.empty()) co_return std::nullopt;
  co_return fmt::format("the former unit of this file, {}, still holds commands; try again when they have ended",
                        former.front());
}

// A unit on its way, shared by who waits for it and what opens its device, which may outlast the wait.
struct Management::UnitMaking {
  std::string name;
  DeviceRequest request;
  std::optional<Result<std::shared_ptr<LogicalUnit>, std::string>> made{};
  bool given_up = false;
};

// Opens the device and finds what its unit kept before the daemon started.
Task<Result<std::shared_ptr<LogicalUnit>, std::string>> Management::open_unit(DeviceRequest request) {
  auto device = co_await with_.devices.open(home(), std::move(request));
  if (!device) co_return failure(std::move(device.error()));
  auto unit = std::make_shared<LogicalUnit>(std::move(*device), with_.shards);
  if (with_.state_files == nullptr) co_return unit;
  auto attached = co_await with_.state_files->attach(home(), unit);
  if (attached) co_return unit;
  co_await unit->device().close(home());
  co_return failure(std::move(attached.error()));
}

Task<void> Management::make_unit(std::shared_ptr<UnitMaking> making) {
  making->made = co_await open_unit(making->request);
  if (!making->given_up) co_return;
  const auto& made = *making->made;
  with_.log.info("{}: what was given up has ended: {}", making->name, made ? "its device is closed" : made.error());
  if (made) co_await (*made)->device().close(home());
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
  const auto making =
      std::make_shared<UnitMaking>(UnitMaking{.name = name, .request = device_request(*target, unit, lun)});
  const std::shared_ptr<LogicalUnit> there = target->find(lun);
  const bool is_taken = there && !takes_place_of(*there, making->request);
  if (is_taken || !units_in_the_making_.emplace(target->tid(), lun.number).second) {
    co_return refused(ManagementErrorCode::logical_unit_exists, name);
  }
  co_await pending_.run(home(), {.name = name}, make_unit(making), device_deadline());
  units_in_the_making_.erase({target->tid(), lun.number});
  auto mapped = co_await map_unit(target, making);
  if (!mapped) with_.log.error("{}: {}", name, mapped.error().detail);
  co_return mapped;
}

Management::Answer Management::map_unit(std::shared_ptr<Target> target, std::shared_ptr<UnitMaking> making) {
  const DeviceRequest& request = making->request;
  if (!making->made) {
    making->given_up = true;
    co_return refused(ManagementErrorCode::invalid_request,
                      fmt::format("{}: does not answer; it will not become a logical unit",
                                  printable(request.path.value_or(request.store_type))));
  }
  if (!*making->made) co_return refused(ManagementErrorCode::invalid_request, making->made->error());
  const std::shared_ptr<LogicalUnit> unit = **making->made;
  const std::shared_ptr<LogicalUnit> there = target->find(request.lun);
  if (there && takes_place_of(*there, request)) {
    co_await target->unmap(home(), request.lun, Target::WhenActive::abort_tasks);
  }
  const bool target_is_there =
      with_.targets.find(target->tid()) == target && !targets_being_removed_.contains(target->tid());
  if (!target_is_there || !target->map(request.lun, unit)) {
    co_await pending_.run(home(), {.name = making->name}, close_device(home(), unit), device_deadline());
    co_return refused(ManagementErrorCode::invalid_request,
                      fmt::format("{}: changed meanwhile; try again", making->name));
  }
  with_.log.info("{}: created, {} {}", making->name, request.store_type,
                 printable(request.path.value_or("without medium")));
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
  const std::shared_ptr<LogicalUnit> unit = target->find(lun);
  const auto tid = static_cast<std::int32_t>(target->tid());
  const auto removal = std::make_shared<UnitRemoval>(target, lun, when_active);
  const bool ended = co_await pending_.run(home(), {.name = unit_name(tid, lun.number), .target = target, .unit = unit},
                                           remove_unit(home(), removal), device_deadline());
  if (!ended) co_return std::nullopt;
  co_return removal->outcome;
}

}  // namespace tgt
