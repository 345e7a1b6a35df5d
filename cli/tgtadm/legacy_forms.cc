// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/legacy_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace tgt {
namespace {

using Fault = std::optional<UsageFault>;

struct Param {
  std::string_view name;
  std::optional<std::string_view> value;  // absent: the item has no '='
};

std::vector<Param> split_params(std::string_view text) {
  std::vector<Param> params;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      params.push_back({item, std::nullopt});
    } else {
      params.push_back({item.substr(0, equals), item.substr(equals + 1)});
    }
  }
  return params;
}

// Every item is of the form name=value, with one of these names.
bool all_named(const std::vector<Param>& params, std::initializer_list<std::string_view> names) {
  return !params.empty() && std::ranges::all_of(params, [&](const Param& param) {
    return param.value && std::ranges::find(names, param.name) != names.end();
  });
}

void forget(Options& options, Option option) { std::erase(options.given, option); }

// The 2006 iotype of one unit is today's device type and store type.
void pass_through(Options& options) {
  options.device_type = LogicalUnitKind::passthrough;
  if (!options.store_type) options.store_type = "sg";
}

void modernize_target(Options& options) {
  forget(options, Option::legacy_store_type);
  forget(options, Option::legacy_target_type);
  if (!options.params || options.target_name) return;
  const auto params = split_params(*options.params);
  if (params.size() != 1 || params.front().value) return;
  options.target_name = std::string(params.front().name);
  forget(options, Option::params);
  options.params.reset();
}

Fault take_type(std::string_view word, Options& options) {
  if (word == "raw" || word == "rawio") {
    pass_through(options);
    return {};
  }
  if (word == "file" || word == "fileio") return {};
  const auto type = device_type_named(word);
  if (!type) return usage_fault(fmt::format("unknown target type: {}", word));
  options.device_type = type;
  return {};
}

Fault modernize_logical_unit(Options& options) {
  forget(options, Option::legacy_store_type);
  forget(options, Option::legacy_target_type);
  if (options.iotype == "rawio") pass_through(options);
  options.iotype.reset();
  if (!options.params) return {};
  const auto params = split_params(*options.params);
  if (!all_named(params, {"Path", "Type"})) return {};
  for (const Param& param : params) {
    if (param.name == "Path") {
      options.backing_store = std::string(*param.value);
    } else if (auto fault = take_type(*param.value, options)) {
      return fault;
    }
  }
  forget(options, Option::params);
  options.params.reset();
  return {};
}

void modernize_account(Options& options) {
  if (!options.params) return;
  const auto params = split_params(*options.params);
  if (!all_named(params, {"IncomingUser", "OutgoingUser", "Password"})) return;
  for (const Param& param : params) {
    if (param.name == "Password") {
      options.password = std::string(*param.value);
    } else {
      options.user = std::string(*param.value);
      options.outgoing = param.name == "OutgoingUser";
    }
  }
  forget(options, Option::params);
  options.params.reset();
}

}  // namespace

std::optional<UsageFault> modernize(Options& options) {
  const bool creates = options.operation == ManagementOperation::create;
  if (options.mode == ManagementMode::target && creates) modernize_target(options);
  if (options.mode == ManagementMode::logical_unit && creates) return modernize_logical_unit(options);
  if (options.mode == ManagementMode::account) modernize_account(options);
  return {};
}

}  // namespace tgt
