// SPDX-License-Identifier: Apache-2.0
#include "control/dispatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/dispatch_modes.h"
#include "control/management_words.h"

namespace tgt {
namespace {

using Answer = ManagementService::Answer;
using Operation = ManagementOperation;

Answer update_system_state(const std::string& word, ManagementService& service) {
  if (word == "ready" || word == "running") return service.set_system_state(SystemState::ready);
  if (word == "offline" || word == "suspended") return service.set_system_state(SystemState::offline);
  return refuse(invalid_request(fmt::format("'{}' is no state, use ready or offline", printable(word))));
}

Answer update_system(const ManagementRequest& request, ManagementService& service) {
  auto assignment = parse_assignment(request.text);
  if (!assignment) return refuse(invalid_request("an update needs name=value"));
  if (same_word(assignment->name, "state")) return update_system_state(assignment->value, service);
  if (!same_word(assignment->name, "debug")) return service.update_system(std::move(*assignment));
  if (same_word(assignment->value, "on")) return service.set_debug(true);
  if (same_word(assignment->value, "off")) return service.set_debug(false);
  return refuse(invalid_request("debug is on or off"));
}

Answer dispatch_system(const ManagementRequest& request, ManagementService& service) {
  switch (request.operation) {
    case Operation::show:
      return service.show_system();
    case Operation::stat:
      return service.stat_system();
    case Operation::update:
      return update_system(request, service);
    case Operation::remove:
      return service.stop_system();
    default:
      return refuse_operation(request);
  }
}

bool is_group_tag(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && *number != 0 && *number <= 0xffff;
}

Answer change_portal(const ManagementRequest& request, ManagementService& service) {
  const auto parameters = parse_parameters(request.text, "portalOps");
  const bool in_a_group = parameters.size() == 2 && parameters.back().name == "group" &&
                          request.operation == Operation::create && !parameters.back().value.empty();
  const bool named = !parameters.empty() && parameters.front().name == "portal" && !parameters.front().value.empty();
  if (!named || (parameters.size() != 1 && !in_a_group)) {
    return refuse(invalid_request("a portal is named by portal=address[:port], a new one also by group=number"));
  }
  const std::string& address = parameters.front().value;
  if (in_a_group && !is_group_tag(parameters.back().value)) {
    return refuse(invalid_request(
        fmt::format("'{}' is no portal group: it is a number from 1 to 65535", printable(parameters.back().value))));
  }
  if (request.operation == Operation::remove) return service.remove_portal(address);
  return service.create_portal(in_a_group ? address + ',' + parameters.back().value : address);
}

Answer dispatch_portal(const ManagementRequest& request, ManagementService& service) {
  switch (request.operation) {
    case Operation::show:
      return service.show_portals();
    case Operation::create:
    case Operation::remove:
      return change_portal(request, service);
    default:
      return refuse_operation(request);
  }
}

Answer dispatch_driver(const ManagementRequest& request, ManagementService& service) {
  switch (request.operation) {
    case Operation::show:
      return service.show_drivers();
    case Operation::start:
      return service.start_driver(request.driver);
    case Operation::stop:
      return service.stop_driver(request.driver);
    default:
      return refuse_operation(request);
  }
}

Answer dispatch_session(const ManagementRequest& request, ManagementService& service) {
  if (request.operation == Operation::stat) return service.stat_session(request.session_id);
  return refuse_operation(request);
}

Answer dispatch_connection(const ManagementRequest& request, ManagementService& service) {
  const ConnectionSelector connection{request.target_id, request.session_id, request.connection_id};
  switch (request.operation) {
    case Operation::show:
      if (!request.target_id) return refuse({ManagementErrorCode::no_target, "no target number was given"});
      return service.show_connections(*request.target_id);
    case Operation::remove:
      return service.close_connection(connection);
    case Operation::stat:
      return service.stat_connection(connection);
    default:
      return refuse_operation(request);
  }
}

Answer create_account(const RequestFields& fields, ManagementService& service) {
  const auto user = fields.find("user");
  const auto password = fields.find("password");
  if (!user || user->empty() || !password || password->empty()) {
    return refuse(invalid_request("an account needs a user and a password"));
  }
  return service.create_account(*user, *password);
}

Answer dispatch_account(const ManagementRequest& request, ManagementService& service) {
  const RequestFields fields(request.text);
  if (request.operation == Operation::show) return service.show_accounts();
  if (request.operation == Operation::create) return create_account(fields, service);
  const auto user = fields.find("user");
  if (!user || user->empty()) return refuse({ManagementErrorCode::no_account, "no user was given"});
  switch (request.operation) {
    case Operation::remove:
      return service.remove_account(*user);
    case Operation::bind:
      return service.bind_account({*user, request.target_id, request.outgoing});
    case Operation::unbind:
      return service.unbind_account({*user, request.target_id, request.outgoing});
    default:
      return refuse_operation(request);
  }
}

}  // namespace

Answer refuse(ManagementError error) { co_return failure(std::move(error)); }

Answer refuse_operation(const ManagementRequest& request) {
  return refuse(
      invalid_request(fmt::format("mode {} has no operation {}", word_for(request.mode), word_for(request.operation))));
}

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

Task<ManagementResult> dispatch_request(const ManagementRequest& request, ManagementService& service) {
  if (!service.has_driver(request.driver)) {
    return refuse({ManagementErrorCode::no_driver, fmt::format("no driver is named '{}'", printable(request.driver))});
  }
  switch (request.mode) {
    case ManagementMode::system:
      return dispatch_system(request, service);
    case ManagementMode::target:
      return dispatch_target(request, service);
    case ManagementMode::logical_unit:
      return dispatch_logical_unit(request, service);
    case ManagementMode::portal:
      return dispatch_portal(request, service);
    case ManagementMode::driver:
      return dispatch_driver(request, service);
    case ManagementMode::session:
      return dispatch_session(request, service);
    case ManagementMode::connection:
      return dispatch_connection(request, service);
    case ManagementMode::account:
      return dispatch_account(request, service);
  }
  return refuse_operation(request);
}

}  // namespace tgt
