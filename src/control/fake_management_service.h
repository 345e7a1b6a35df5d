// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "control/management_service.h"
#include "reactor/event.h"

namespace tgt {

// Writes down what it is told to do, and answers what the test wants. For tests.
class FakeManagementService final : public ManagementService {
 public:
  std::vector<std::string> calls;
  ManagementResult answer = std::string();
  Event* waits_for = nullptr;  // before it answers

  bool has_driver(std::string_view name) const override { return name.empty() || name == "iscsi"; }

  Answer show_system() override { return note("show_system"); }
  Answer stat_system() override { return note("stat_system"); }
  Answer set_system_state(SystemState state) override {
    return note(state == SystemState::ready ? "system ready" : "system offline");
  }
  Answer set_debug(bool on) override { return note(on ? "debug on" : "debug off"); }
  Answer update_system(Parameter parameter) override { return note("update_system " + text(parameter)); }
  Answer stop_system() override { return note("stop_system"); }

  Answer create_target(NewTarget target) override {
    return note(fmt::format("create_target {} {}{}", target.id, target.name, text(target.device_access)));
  }
  Answer remove_target(std::int32_t id, Removal removal) override {
    return note(fmt::format("remove_target {}{}", id, removal == Removal::forced ? " forced" : ""));
  }
  Answer show_targets() override { return note("show_targets"); }
  Answer show_target_parameters(std::int32_t id) override { return note(fmt::format("show_target {}", id)); }
  Answer stat_target(std::int32_t id) override { return note(fmt::format("stat_target {}", id)); }
  Answer set_target_state(std::int32_t id, TargetStateWord state) override {
    constexpr std::string_view words[] = {"offline", "ready", "running"};
    return note(fmt::format("state {} {}", id, words[static_cast<int>(state)]));
  }
  Answer set_device_access(std::int32_t id, DeviceAccess access) override {
    return note(fmt::format("access {}{}", id, text(access)));
  }
  Answer update_target(std::int32_t id, Parameter parameter) override {
    return note(fmt::format("update_target {} {}", id, text(parameter)));
  }
  Answer admit_initiators(std::int32_t id, AccessRule rule) override {
    return note(fmt::format("admit {} {}", id, text(rule)));
  }
  Answer refuse_initiators(std::int32_t id, AccessRule rule) override {
    return note(fmt::format("refuse {} {}", id, text(rule)));
  }

  Answer create_logical_unit(NewLogicalUnit unit) override {
    return note(fmt::format("create_unit {}:{} kind {} path {} store {} options '{}'{}{} block {}", unit.target_id,
                            unit.number, static_cast<unsigned>(unit.kind), unit.path.value_or("none"),
                            unit.store_type.value_or("none"), unit.store_options, unit.synchronous ? " sync" : "",
                            unit.direct ? " direct" : "", unit.block_size.value_or(0)));
  }
  Answer remove_logical_unit(std::int32_t target_id, std::uint64_t number) override {
    return note(fmt::format("remove_unit {}:{}", target_id, number));
  }
  Answer update_logical_unit(std::int32_t target_id, std::uint64_t number, std::vector<Parameter> parameters) override {
    std::string call = fmt::format("update_unit {}:{}", target_id, number);
    for (const Parameter& parameter : parameters) call += " " + text(parameter);
    return note(call);
  }
  Answer stat_logical_unit(std::int32_t target_id, std::uint64_t number) override {
    return note(fmt::format("stat_unit {}:{}", target_id, number));
  }

  Answer create_portal(std::string address) override { return note("create_portal " + address); }
  Answer remove_portal(std::string address) override { return note("remove_portal " + address); }
  Answer show_portals() override { return note("show_portals"); }

  Answer stat_session(std::uint64_t session_id) override { return note(fmt::format("stat_session {}", session_id)); }
  Answer show_connections(std::int32_t target_id) override {
    return note(fmt::format("show_connections {}", target_id));
  }
  Answer close_connection(ConnectionSelector connection) override { return note("close " + text(connection)); }
  Answer stat_connection(ConnectionSelector connection) override { return note("stat_connection " + text(connection)); }

  Answer create_account(std::string user, std::string password) override {
    return note("create_account " + user + " " + password);
  }
  Answer remove_account(std::string user) override { return note("remove_account " + user); }
  Answer bind_account(AccountBinding binding) override { return note("bind_account " + text(binding)); }
  Answer unbind_account(AccountBinding binding) override { return note("unbind_account " + text(binding)); }
  Answer show_accounts() override { return note("show_accounts"); }

  Answer start_driver(std::string name) override { return note("start_driver " + name); }
  Answer stop_driver(std::string name) override { return note("stop_driver " + name); }
  Answer show_drivers() override { return note("show_drivers"); }

 private:
  Answer note(std::string call) {
    calls.push_back(std::move(call));
    if (waits_for != nullptr) co_await waits_for->wait();
    co_return answer;
  }

  static std::string text(const Parameter& parameter) { return parameter.name + "=" + parameter.value; }
  static std::string_view text(DeviceAccess access) {
    return access == DeviceAccess::passed_through ? " passed through" : " emulated";
  }
  static std::string text(const AccessRule& rule) {
    if (rule.kind == AccessRule::Kind::host) return fmt::format("host {}", rule.host_number);
    return (rule.kind == AccessRule::Kind::address ? "address " : "name ") + rule.text;
  }
  static std::string text(const AccountBinding& binding) {
    return fmt::format("{} {}{}", binding.user, binding.target_id ? std::to_string(*binding.target_id) : "discovery",
                       binding.outgoing ? " outgoing" : "");
  }
  static std::string text(const ConnectionSelector& connection) {
    return fmt::format("{}:{}:{}", connection.target_id.value_or(-1), connection.session_id, connection.connection_id);
  }
};

}  // namespace tgt
