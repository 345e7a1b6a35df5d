// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "control/layouts.h"
#include "management/management.h"
#include "management/port_group_text.h"

namespace tgt {
namespace {

// How long the removal of a target waits for its sessions, whose initiators may not answer.
constexpr Duration longest_session_wait = 10s;

// A rule to admit or refuse, in the words of AccessRules. False: it was there already (or was not there).
bool change_rule(AccessRules& rules, const AccessRule& rule, bool admit) {
  if (rule.kind == AccessRule::Kind::name) return admit ? rules.add_name(rule.text) : rules.remove_name(rule.text);
  return admit ? rules.add_address(rule.text) : rules.remove_address(rule.text);
}

Task<void> take_away(Shard& shard, std::shared_ptr<Target> target, Lun lun) {
  co_await target->unmap(shard, lun, Target::WhenActive::abort_tasks);
}

std::string joined_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

Result<std::shared_ptr<Target>, ManagementError> Management::find_target(std::int32_t id) const {
  auto target = with_.targets.find(static_cast<TargetId>(id));
  if (!target)
    return failure(ManagementError{ManagementErrorCode::no_target, fmt::format("there is no target {}", id)});
  return target;
}

Management::Answer Management::create_target(NewTarget wanted) {
  const auto tid = static_cast<TargetId>(wanted.id);
  auto target = std::make_shared<Target>(tid, wanted.name, "iscsi", with_.shards);
  target->set_ports(target_ports());
  target->map(Lun{0}, std::make_shared<LogicalUnit>(with_.devices.make_controller(tid, wanted.name), with_.shards));
  if (!with_.targets.add(target)) {
    co_return refused(ManagementErrorCode::target_exists,
                      fmt::format("target {} or the name {} is taken", wanted.id, printable(wanted.name)));
  }
  device_access_[tid] = wanted.device_access;
  with_.log.info("target {} {}: created", wanted.id, printable(wanted.name));
  co_return done();
}

Management::Answer Management::remove_target(std::int32_t id, Removal removal) {
  auto found = find_target(id);
  if (!found) co_return failure(found.error());
  const std::shared_ptr<Target> target = std::move(*found);
  if (targets_being_removed_.contains(target->tid())) {
    co_return refused(ManagementErrorCode::target_active, fmt::format("target {} is being removed already", id));
  }
  const std::size_t sessions = target->nexuses().size();
  if (removal == Removal::when_idle && sessions != 0) {
    co_return refused(ManagementErrorCode::target_active,
                      fmt::format("target {} has {} session(s); log them out, or use --force", id, sessions));
  }
  targets_being_removed_.insert(target->tid());
  target->refuse_logins();  // whatever state the administrator gives it while the removal waits
  target->set_state(Target::State::offline);
  target->end_all_sessions(SessionEnd::target_removed);
  const bool quiet = co_await target->wait_until_no_nexus(home(), longest_session_wait);
  if (!quiet) with_.log.warning("target {}: some sessions have not ended yet; it goes without waiting for them", id);
  begin_to_take_units_away(target);
  const auto is_ours = [target](const PendingWork::Subject& subject) { return subject.target == target; };
  const bool closed = co_await all_has_ended(is_ours, device_deadline());
  with_.targets.remove(target->tid());
  with_.iscsi_parameters.remove(target->name());
  device_access_.erase(target->tid());
  targets_being_removed_.erase(target->tid());
  with_.log.info("target {}: removed{}", id, closed ? "" : ", while a device still holds commands");
  co_return done();
}

void Management::begin_to_take_units_away(const std::shared_ptr<Target>& target) {
  for (const auto& [lun, unit] : target->logical_units()) {
    const auto tid = static_cast<std::int32_t>(target->tid());
    pending_.begin({.name = unit_name(tid, lun.number), .target = target, .unit = unit},
                   take_away(home(), target, lun));
  }
}

Task<bool> Management::all_has_ended(PendingWork::Which which, TimePoint until) {
  const std::vector<std::string> left = co_await pending_.outlasting(home(), std::move(which), until);
  for (const std::string& name : left) with_.log.error("{}: its device still holds commands", name);
  co_return left.empty();
}

Management::Answer Management::show_targets() {
  std::vector<TargetView> views;
  for (const auto& target : with_.targets.list()) views.push_back(view_of(*target));
  co_return tgt::show_targets(views);
}

TargetView Management::view_of(Target& target) const {
  TargetView view;
  view.id = static_cast<std::int32_t>(target.tid());
  view.name = target.name();
  view.driver = target.driver();
  view.state = target.state() == Target::State::ready ? "ready" : "offline";
  const auto parameters = with_.iscsi_parameters.find(target.name());
  view.nop_interval = parameters->keep_alive().interval_seconds;
  view.nop_count = parameters->keep_alive().count;
  for (const Target::NexusView& nexus : target.nexuses()) {
    const Nexus::Properties& properties = nexus.properties;
    view.nexuses.push_back({.id = properties.id,
                            .initiator_name = properties.initiator.name,
                            .initiator_alias = properties.initiator_alias,
                            .connections = {{properties.connection_id, properties.initiator_address}}});
  }
  for (const auto& [lun, unit] : target.logical_units()) {
    view.logical_units.push_back(logical_unit_view(lun, unit->device().describe()));
  }
  view.access_rules = target.access().list();
  return view;
}

Management::Answer Management::show_target_parameters(std::int32_t id) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  std::vector<std::string> lines = with_.iscsi_parameters.find((*target)->name())->list();
  for (const TargetPortGroup& group : (*target)->port_groups().list()) {
    lines.push_back("port_group=" + port_group_text(group));
  }
  co_return joined_lines(lines);
}

Management::Answer Management::stat_target(std::int32_t id) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  co_return show_statistics(statistics_of(**target));
}

std::vector<StatisticsRow> Management::statistics_of(const Target& target) const {
  std::vector<StatisticsRow> rows;
  for (const Target::NexusView& nexus : target.nexuses()) {
    for (const Target::NexusStatistics& of : nexus.statistics) {
      rows.push_back(
          {.target_id = static_cast<std::int32_t>(target.tid()),
           .logical_unit_number = of.lun.number,
           .nexus_id = nexus.properties.id,
           .read = {of.read_submitted_bytes, of.read_submitted_commands, of.read_done_bytes, of.read_done_commands},
           .write = {of.write_submitted_bytes, of.write_submitted_commands, of.write_done_bytes,
                     of.write_done_commands},
           .errors = of.errors});
    }
  }
  return rows;
}

Management::Answer Management::set_target_state(std::int32_t id, TargetStateWord state) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  Target& changed = **target;
  changed.set_state(state == TargetStateWord::offline ? Target::State::offline : Target::State::ready);
  if (state == TargetStateWord::running && !changed.access().ever_changed()) {
    changed.access().add_address("ALL");
    with_.log.info("target {}: runs, and admits every initiator, because no access rule was ever made for it", id);
  }
  co_return done();
}

Management::Answer Management::set_device_access(std::int32_t id, DeviceAccess access) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  device_access_[(*target)->tid()] = access;
  co_return done();
}

Management::Answer Management::update_target(std::int32_t id, Parameter parameter) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  if (parameter.name == "port_group") co_return change_port_group(**target, parameter.value);
  switch (with_.iscsi_parameters.set((*target)->name(), parameter.name, parameter.value)) {
    case IscsiTargetParameters::SetResult::done:
      co_return done();
    case IscsiTargetParameters::SetResult::unknown_name:
      co_return refused(ManagementErrorCode::invalid_request,
                        fmt::format("a target has no parameter '{}'", printable(parameter.name)));
    case IscsiTargetParameters::SetResult::bad_value:
      break;
  }
  co_return refused(
      ManagementErrorCode::invalid_request,
      fmt::format("'{}' is no value for the parameter {}", printable(parameter.value), printable(parameter.name)));
}

ManagementResult Management::change_port_group(Target& target, const std::string& text) {
  const auto change = parse_port_group(text, target.ports(), target.port_groups().list());
  if (!change) return refused(ManagementErrorCode::invalid_request, change.error());
  const bool done_so =
      change->removed ? target.remove_port_group(change->group.id) : target.put_port_group(change->group);
  if (!done_so) {
    return refused(ManagementErrorCode::invalid_request,
                   fmt::format("target {}: {}", target.tid(),
                               change->removed ? "there is no such port group"
                                               : "it does not have these ports, or they are another group's"));
  }
  with_.log.info("target {}: port group {}", target.tid(), printable(text));
  return done();
}

Management::Answer Management::admit_initiators(std::int32_t id, AccessRule rule) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  if (rule.kind == AccessRule::Kind::host) co_return co_await unsupported("binding a target to a host adapter");
  if (!change_rule((*target)->access(), rule, true)) {
    co_return refused(ManagementErrorCode::access_rule_exists, printable(rule.text));
  }
  co_return done();
}

Management::Answer Management::refuse_initiators(std::int32_t id, AccessRule rule) {
  const auto target = find_target(id);
  if (!target) co_return failure(target.error());
  if (rule.kind == AccessRule::Kind::host) co_return co_await unsupported("binding a target to a host adapter");
  if (!change_rule((*target)->access(), rule, false)) {
    co_return refused(ManagementErrorCode::no_access_rule, printable(rule.text));
  }
  co_return done();
}

}  // namespace tgt
