// SPDX-License-Identifier: Apache-2.0
#include "core/target_port_groups.h"

#include <algorithm>
#include <utility>

#include "core/refusals.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

constexpr std::uint16_t group_of_all = 1;

bool is_of_port_groups(const Cdb& cdb) {
  const bool maintenance =
      cdb.operation_code() == operation_code::maintenance_in || cdb.operation_code() == operation_code::maintenance_out;
  return maintenance && cdb.service_action() == service_action::report_target_port_groups;
}

// SPC-6, 5.17.2.7: what even an unavailable port does.
bool served_always(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case operation_code::inquiry:
    case operation_code::report_luns:
    case operation_code::request_sense:
      return true;
    default:
      return is_of_port_groups(cdb);
  }
}

// READ BUFFER and WRITE BUFFER that try the way to the device server.
bool is_of_echo_buffer(const Cdb& cdb) {
  constexpr std::uint8_t data_mode = 0x0a;
  constexpr std::uint8_t descriptor_mode = 0x0b;
  const std::uint8_t mode = cdb.service_action();
  return mode == data_mode || (mode == descriptor_mode && cdb.operation_code() == operation_code::read_buffer_10);
}

// SPC-6, 5.17.2.6, and READ CAPACITY, which it leaves open: an initiator that finds a logical unit through a port in
// standby could not use it later without its size.
bool served_in_standby(const Cdb& cdb) {
  switch (cdb.operation_code()) {
    case operation_code::log_select:
    case operation_code::log_sense:
    case operation_code::mode_select_6:
    case operation_code::mode_select_10:
    case operation_code::mode_sense_6:
    case operation_code::mode_sense_10:
    case operation_code::persistent_reserve_in:
    case operation_code::persistent_reserve_out:
    case operation_code::read_capacity_10:
    case operation_code::receive_diagnostic_results:
    case operation_code::send_diagnostic:
      return true;
    case operation_code::read_buffer_10:
    case operation_code::write_buffer:
      return is_of_echo_buffer(cdb);
    case operation_code::service_action_in_16:
      return cdb.service_action() == service_action::read_capacity_16;
    case operation_code::maintenance_in:
      return is_of_port_groups(cdb) || cdb.service_action() == service_action::report_supported_operation_codes ||
             cdb.service_action() == service_action::report_supported_task_management_functions;
    default:
      return served_always(cdb);
  }
}

bool overlap(const TargetPortGroup& a, const TargetPortGroup& b) {
  return std::ranges::any_of(a.ports,
                             [&](std::uint16_t port) { return std::ranges::find(b.ports, port) != b.ports.end(); });
}

}  // namespace

std::optional<Sense> asymmetric_access_refusal(AsymmetricAccessState state, const Cdb& cdb) {
  switch (state) {
    case AsymmetricAccessState::active_optimized:
    case AsymmetricAccessState::active_non_optimized:
      return std::nullopt;
    case AsymmetricAccessState::standby:
      return served_in_standby(cdb) ? std::nullopt : std::optional(refusal::target_port_in_standby_state);
    case AsymmetricAccessState::unavailable:
      return served_always(cdb) ? std::nullopt : std::optional(refusal::target_port_in_unavailable_state);
    case AsymmetricAccessState::offline:
      return served_always(cdb) ? std::nullopt : std::optional(refusal::logical_unit_offline);
    case AsymmetricAccessState::transitioning:
      return served_always(cdb) ? std::nullopt : std::optional(refusal::asymmetric_access_state_transition);
  }
  return std::nullopt;
}

const TargetPortGroup* TargetPortGroups::find(std::uint16_t port) const {
  const auto found = std::ranges::find_if(groups_, [port](const TargetPortGroup& group) {
    return std::ranges::find(group.ports, port) != group.ports.end();
  });
  return found == groups_.end() ? nullptr : &*found;
}

std::vector<TargetPortGroup> TargetPortGroups::list() const {
  const LockGuard lock(mutex_);
  return groups_;
}

bool TargetPortGroups::has(std::uint16_t port) const {
  const LockGuard lock(mutex_);
  return find(port) != nullptr;
}

std::uint16_t TargetPortGroups::group_of(std::uint16_t port) const {
  if (!any()) return group_of_all;
  const LockGuard lock(mutex_);
  const TargetPortGroup* const group = find(port);
  return group == nullptr ? group_of_all : group->id;
}

AsymmetricAccessState TargetPortGroups::state_of(std::uint16_t port) const {
  if (!any()) return AsymmetricAccessState::active_optimized;
  const LockGuard lock(mutex_);
  const TargetPortGroup* const group = find(port);
  return group == nullptr ? AsymmetricAccessState::active_optimized : group->state;
}

bool TargetPortGroups::put(TargetPortGroup group) {
  const LockGuard lock(mutex_);
  for (const TargetPortGroup& other : groups_) {
    if (other.id != group.id && overlap(other, group)) return false;
  }
  std::erase_if(groups_, [&](const TargetPortGroup& one) { return one.id == group.id; });
  groups_.push_back(std::move(group));
  std::ranges::sort(groups_, {}, &TargetPortGroup::id);
  any_.store(true, std::memory_order_release);
  return true;
}

bool TargetPortGroups::remove(std::uint16_t id) {
  const LockGuard lock(mutex_);
  const bool removed = std::erase_if(groups_, [id](const TargetPortGroup& one) { return one.id == id; }) != 0;
  any_.store(!groups_.empty(), std::memory_order_release);
  return removed;
}

bool TargetPortGroups::set_states(const std::vector<NewState>& states, AsymmetricAccessChange change) {
  const LockGuard lock(mutex_);
  std::vector<TargetPortGroup> changed = groups_;
  for (const NewState& wanted : states) {
    const auto group = std::ranges::find(changed, wanted.id, &TargetPortGroup::id);
    if (group == changed.end()) return false;
    group->state = wanted.state;
    group->change = change;
  }
  groups_ = std::move(changed);
  return true;
}

}  // namespace tgt
