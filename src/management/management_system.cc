// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "control/layouts.h"
#include "management/management.h"
#include "reactor/begun.h"
#include "transport/iscsi/portal_address.h"

namespace tgt {
namespace {

// Together they are what the end of the daemon waits for devices, well below the patience of service managers. Sessions
// come first, so that initiators lose their connections and not their logical units.
constexpr Duration longest_end_of_sessions = 4s;
constexpr Duration longest_end_of_devices = 6s;

}  // namespace

bool Management::has_driver(std::string_view name) const { return name.empty() || name == "iscsi"; }

Management::Answer Management::unsupported(std::string what) const {
  co_return refused(ManagementErrorCode::unsupported_operation, what + " is not supported by this version");
}

// --- system

Management::Answer Management::show_system() {
  DaemonView view;
  view.state = with_.targets.online() ? "ready" : "offline";
  view.debug = with_.log.debug_enabled();
  view.drivers.push_back({.name = "iscsi", .state = "ready", .targets = {}});
  view.stores = with_.devices.store_types();
  view.device_types = with_.devices.device_types();
  co_return tgt::show_system(view);
}

Management::Answer Management::stat_system() {
  std::vector<StatisticsRow> rows;
  for (const auto& target : with_.targets.list()) {
    const std::vector<StatisticsRow> of_target = statistics_of(*target);
    rows.insert(rows.end(), of_target.begin(), of_target.end());
  }
  co_return show_statistics(rows);
}

Management::Answer Management::set_system_state(SystemState state) {
  with_.targets.set_online(state == SystemState::ready);
  co_return done();
}

Management::Answer Management::set_debug(bool on) {
  with_.log.set_level(on ? LogLevel::debug : LogLevel::info);
  co_return done();
}

Management::Answer Management::update_system(Parameter parameter) {
  co_return refused(ManagementErrorCode::invalid_request,
                    fmt::format("the system has no parameter '{}'", printable(parameter.name)));
}

Management::Answer Management::stop_system() {
  const std::size_t targets = with_.targets.list().size();
  if (targets != 0) {
    co_return refused(ManagementErrorCode::invalid_request,
                      fmt::format("there are {} target(s); remove them first", targets));
  }
  with_.stopper.stop_daemon();
  co_return done();
}

Task<bool> Management::shut_down() {
  const Begun sessions(with_.iscsi.stop());
  co_await sessions.ended_by(home(), home().now() + longest_end_of_sessions);
  const TimePoint until = home().now() + longest_end_of_devices;
  for (const auto& target : with_.targets.list()) {
    target->refuse_logins();
    targets_being_removed_.insert(target->tid());  // so that no unit comes that is just being made
    begin_to_take_units_away(target);
  }
  const bool all = co_await all_has_ended([](const PendingWork::Subject&) { return true; }, until);
  const bool quiet = co_await sessions.ended_by(home(), until);
  if (!quiet) with_.log.error("{} connection(s) wait for commands of devices", with_.iscsi.connection_count());
  co_return all&& quiet;
}

// --- portals

Management::Answer Management::create_portal(std::string address) {
  const auto portal = PortalAddress::parse(address);
  if (!portal) {
    co_return refused(ManagementErrorCode::invalid_request,
                      fmt::format("'{}' is no portal; write 192.0.2.1:3260 or [2001:db8::1]:3260", printable(address)));
  }
  const auto added = with_.iscsi.add_portal(portal->at, portal->advertised, portal->group_tag);
  if (!added) {
    with_.log.error("portal {}: {}", portal->at.text(), added.error().text());
    co_return refused(ManagementErrorCode::invalid_request,
                      fmt::format("portal {}: {}", portal->at.text(), added.error().text()));
  }
  for (const auto& target : with_.targets.list()) target->set_ports(target_ports());
  co_return done();
}

Management::Answer Management::remove_portal(std::string address) {
  const auto portal = PortalAddress::parse(address);
  const bool removed = portal ? co_await with_.iscsi.remove_portal(portal->at) : false;
  if (!removed) {
    co_return refused(ManagementErrorCode::invalid_request, fmt::format("there is no portal {}", printable(address)));
  }
  for (const auto& target : with_.targets.list()) target->set_ports(target_ports());
  co_return done();
}

// The relative target port identifiers of an iSCSI target: the tags of the portal groups.
std::vector<std::uint16_t> Management::target_ports() const {
  std::set<std::uint16_t> tags;
  for (const IscsiDriver::Portal& portal : with_.iscsi.portals()) tags.insert(portal.group_tag);
  if (tags.empty()) tags.insert(1);  // a target is never without a port
  return {tags.begin(), tags.end()};
}

Management::Answer Management::show_portals() {
  std::vector<PortalView> views;
  for (const IscsiDriver::Portal& portal : with_.iscsi.portals()) {
    views.push_back({.endpoint = portal.at.text(), .group_tag = portal.group_tag});
  }
  co_return tgt::show_portals(views);
}

// --- sessions and connections

Management::Answer Management::show_connections(std::int32_t target_id) {
  const auto target = find_target(target_id);
  if (!target) co_return failure(target.error());
  co_return tgt::show_connections(view_of(**target).nexuses);
}

Management::Answer Management::close_connection(ConnectionSelector connection) {
  for (const auto& target : with_.targets.list()) {
    if (connection.target_id && static_cast<TargetId>(*connection.target_id) != target->tid()) continue;
    for (const Target::NexusView& nexus : target->nexuses()) {
      if (nexus.properties.id != connection.session_id) continue;
      if (nexus.properties.connection_id != connection.connection_id) {
        co_return refused(ManagementErrorCode::no_connection, fmt::format("connection {}", connection.connection_id));
      }
      target->end_session(connection.session_id, SessionEnd::administrator);
      co_return done();
    }
  }
  co_return refused(ManagementErrorCode::no_session, fmt::format("session {}", connection.session_id));
}

Management::Answer Management::stat_session(std::uint64_t) { return unsupported("stat of a session"); }
Management::Answer Management::stat_connection(ConnectionSelector) { return unsupported("stat of a connection"); }

// --- accounts: a login that must be authenticated cannot be offered yet, so no account is taken as if it protected
// anything.

Management::Answer Management::create_account(std::string, std::string) { return unsupported("authentication"); }
Management::Answer Management::remove_account(std::string user) {
  co_return refused(ManagementErrorCode::no_account, printable(user));
}
Management::Answer Management::bind_account(AccountBinding binding) {
  co_return refused(ManagementErrorCode::no_account, printable(binding.user));
}
Management::Answer Management::unbind_account(AccountBinding binding) {
  co_return refused(ManagementErrorCode::no_account, printable(binding.user));
}
Management::Answer Management::show_accounts() { co_return tgt::show_accounts({}); }

// --- drivers

Management::Answer Management::start_driver(std::string name) {
  if (!has_driver(name)) co_return refused(ManagementErrorCode::no_driver, printable(name));
  co_return done();
}

Management::Answer Management::stop_driver(std::string name) {
  if (!has_driver(name)) co_return refused(ManagementErrorCode::no_driver, printable(name));
  if (!with_.targets.list().empty()) co_return refused(ManagementErrorCode::driver_busy, "it has targets");
  co_return co_await unsupported("stopping the only driver");
}

Management::Answer Management::show_drivers() {
  DriverView view;
  for (const auto& target : with_.targets.list()) {
    view.targets.push_back({static_cast<std::int32_t>(target->tid()), target->name()});
  }
  co_return tgt::show_drivers({&view, 1});
}

}  // namespace tgt
