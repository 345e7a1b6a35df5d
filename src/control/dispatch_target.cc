// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "control/dispatch_modes.h"

namespace tgt {
namespace {

using Answer = ManagementService::Answer;
using Operation = ManagementOperation;

constexpr std::size_t longest_target_name = 223;  // RFC 7143 4.2.7.1

bool is_target_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
           c == '-';
  };
  return !name.empty() && name.size() <= longest_target_name && std::ranges::all_of(name, allowed);
}

std::optional<DeviceAccess> device_access_named(std::string_view word) {
  if (same_word(word, "rawio")) return DeviceAccess::passed_through;
  if (same_word(word, "fileio")) return DeviceAccess::emulated;
  return std::nullopt;
}

ManagementError no_such_access(std::string_view word) {
  return invalid_request(fmt::format("'{}' is no iotype, use rawio or fileio", printable(word)));
}

Answer create_target(const ManagementRequest& request, ManagementService& service) {
  const RequestFields fields(request.text);
  if (*request.target_id == 0) return refuse(invalid_request("the target number 0 is not for use"));
  NewTarget target{.id = *request.target_id, .name = fields.find("targetname").value_or("")};
  if (!is_target_name(target.name)) {
    return refuse(invalid_request(fmt::format(
        "'{}' is no target name: letters, digits, ':', '.' and '-' make one, 223 at most", printable(target.name))));
  }
  if (const auto word = fields.find("iotype")) {
    const auto access = device_access_named(*word);
    if (!access) return refuse(no_such_access(*word));
    target.device_access = *access;
  }
  return service.create_target(std::move(target));
}

Answer update_target_state(std::int32_t id, const std::string& word, ManagementService& service) {
  if (word == "ready") return service.set_target_state(id, TargetStateWord::ready);
  if (word == "running") return service.set_target_state(id, TargetStateWord::running);
  if (word == "offline" || word == "suspended") return service.set_target_state(id, TargetStateWord::offline);
  return refuse(invalid_request(fmt::format("'{}' is no state, use ready or offline", printable(word))));
}

Answer update_target(const ManagementRequest& request, ManagementService& service) {
  auto assignment = parse_assignment(request.text);
  if (!assignment) return refuse(invalid_request("an update needs name=value"));
  const std::int32_t id = *request.target_id;
  if (same_word(assignment->name, "state")) return update_target_state(id, assignment->value, service);
  if (!same_word(assignment->name, "iotype")) return service.update_target(id, std::move(*assignment));
  const auto access = device_access_named(assignment->value);
  if (!access) return refuse(no_such_access(assignment->value));
  return service.set_device_access(id, *access);
}

std::vector<AccessRule> access_rules(const ManagementRequest& request) {
  const RequestFields fields(request.text);
  std::vector<AccessRule> rules;
  if (auto address = fields.find("initiator-address"); address && !address->empty()) {
    rules.push_back({.kind = AccessRule::Kind::address, .text = std::move(*address)});
  }
  if (auto name = fields.find("initiator-name"); name && !name->empty()) {
    rules.push_back({.kind = AccessRule::Kind::name, .text = std::move(*name)});
  }
  if (request.host_number != 0) rules.push_back({.kind = AccessRule::Kind::host, .host_number = request.host_number});
  return rules;
}

// One after the other; the first refusal ends it.
Answer change_access(std::int32_t id, std::vector<AccessRule> rules, Operation operation, ManagementService& service) {
  for (AccessRule& rule : rules) {
    auto answer = operation == Operation::bind ? service.admit_initiators(id, std::move(rule))
                                               : service.refuse_initiators(id, std::move(rule));
    auto result = co_await std::move(answer);
    if (!result) co_return result;
  }
  co_return std::string();
}

Answer bind_target(const ManagementRequest& request, ManagementService& service) {
  auto rules = access_rules(request);
  if (rules.empty()) return refuse(invalid_request("an initiator address, an initiator name or a host is needed"));
  return change_access(*request.target_id, std::move(rules), request.operation, service);
}

Answer no_target_given() { return refuse({ManagementErrorCode::no_target, "no target number was given"}); }

std::optional<std::uint32_t> parse_block_size(std::string_view text) {
  const auto size = parse_size(text);
  if (!size || *size == 0 || *size > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*size);
}

// "sync", "direct", "sync:direct"; false for any other word.
bool take_store_flags(std::string_view text, NewLogicalUnit& unit) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word == "sync") {
      unit.synchronous = true;
    } else if (word == "direct") {
      unit.direct = true;
    } else if (!word.empty()) {
      return false;
    }
  }
  return true;
}

std::optional<LogicalUnitKind> kind_of(std::uint32_t device_type) {
  const auto kind = static_cast<LogicalUnitKind>(device_type);
  switch (kind) {
    case LogicalUnitKind::disk:
    case LogicalUnitKind::tape:
    case LogicalUnitKind::optical:
    case LogicalUnitKind::changer:
    case LogicalUnitKind::object_storage:
    case LogicalUnitKind::passthrough:
      return kind;
  }
  return std::nullopt;
}

Result<NewLogicalUnit, ManagementError> parse_logical_unit(const ManagementRequest& request) {
  const RequestFields fields(request.text);
  NewLogicalUnit unit{.target_id = *request.target_id, .number = *request.logical_unit_number};
  const auto kind = kind_of(request.device_type);
  if (!kind) return failure(invalid_request(fmt::format("there is no device type {}", request.device_type)));
  unit.kind = *kind;
  unit.path = fields.find("path");
  if (unit.path && unit.path->empty()) return failure(invalid_request("the path is empty"));
  unit.store_type = fields.find("bstype");
  if (unit.store_type && unit.store_type->empty()) unit.store_type.reset();
  unit.store_options = fields.find("bsopts").value_or("");
  const std::string flags = fields.find("bsoflags").value_or("");
  if (!take_store_flags(flags, unit)) {
    return failure(invalid_request(
        fmt::format("'{}' are no flags of a store, use sync, direct or sync:direct", printable(flags))));
  }
  if (const auto block_size = fields.find("blocksize")) {
    unit.block_size = parse_block_size(*block_size);
    if (!unit.block_size) {
      return failure(invalid_request(fmt::format("'{}' is no block size", printable(*block_size))));
    }
  }
  return unit;
}

Answer create_logical_unit(const ManagementRequest& request, ManagementService& service) {
  auto unit = parse_logical_unit(request);
  if (!unit) return refuse(std::move(unit.error()));
  return service.create_logical_unit(std::move(*unit));
}

}  // namespace

Answer dispatch_target(const ManagementRequest& request, ManagementService& service) {
  if (request.operation == Operation::show && !request.target_id) return service.show_targets();
  if (!request.target_id) return no_target_given();
  const std::int32_t id = *request.target_id;
  switch (request.operation) {
    case Operation::create:
      return create_target(request, service);
    case Operation::remove:
      return service.remove_target(id, request.force ? Removal::forced : Removal::when_idle);
    case Operation::show:
      return service.show_target_parameters(id);
    case Operation::update:
      return update_target(request, service);
    case Operation::bind:
    case Operation::unbind:
      return bind_target(request, service);
    case Operation::stat:
      return service.stat_target(id);
    default:
      return refuse_operation(request);
  }
}

Answer dispatch_logical_unit(const ManagementRequest& request, ManagementService& service) {
  if (!request.target_id) return no_target_given();
  if (!request.logical_unit_number) {
    return refuse({ManagementErrorCode::no_logical_unit, "no logical unit number was given"});
  }
  const std::int32_t id = *request.target_id;
  const std::uint64_t number = *request.logical_unit_number;
  switch (request.operation) {
    case Operation::create:
      return create_logical_unit(request, service);
    case Operation::remove:
      return service.remove_logical_unit(id, number);
    case Operation::update:
      return service.update_logical_unit(id, number, parse_parameters(request.text, "targetOps"));
    case Operation::stat:
      return service.stat_logical_unit(id, number);
    default:
      return refuse_operation(request);
  }
}

}  // namespace tgt
