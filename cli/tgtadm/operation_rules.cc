// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/operation_rules.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "control/management_words.h"

namespace tgt {
namespace {

using Fault = std::optional<UsageFault>;
using Mode = ManagementMode;
using Operation = ManagementOperation;

// The two wordings for an option that does not belong here. Scripts have seen both; each pair keeps its own.
enum class Refusal : bool { mode_first, option_first };

struct Rule {
  Mode mode;
  Operation operation;
  std::string_view letters;  // the options that the pair takes
  Refusal refusal = Refusal::mode_first;
};

constexpr std::array rules{
    Rule{Mode::system, Operation::update, "LmonvC"},
    Rule{Mode::target, Operation::create, "LmotTC"},
    Rule{Mode::target, Operation::remove, "LmotCF"},
    Rule{Mode::target, Operation::show, "LmotC"},
    Rule{Mode::target, Operation::stat, "LmotC"},
    Rule{Mode::target, Operation::bind, "LmotIQBHC"},
    Rule{Mode::target, Operation::unbind, "LmotIQBHC"},
    Rule{Mode::target, Operation::update, "LmotnvC"},
    Rule{Mode::logical_unit, Operation::create, "LmofytlbEYCS"},
    Rule{Mode::logical_unit, Operation::remove, "LmotlC"},
    Rule{Mode::logical_unit, Operation::stat, "LmotlC"},
    Rule{Mode::logical_unit, Operation::update, "LmofytlPC", Refusal::option_first},
    Rule{Mode::portal, Operation::create, "LmoCP"},
    Rule{Mode::portal, Operation::remove, "LmoCP"},
    Rule{Mode::portal, Operation::show, "LmoC", Refusal::option_first},
    Rule{Mode::driver, Operation::start, "LmoC"},
    Rule{Mode::driver, Operation::stop, "LmoC"},
    Rule{Mode::driver, Operation::show, "LmoC"},
    Rule{Mode::account, Operation::create, "LmoupfC"},
    Rule{Mode::account, Operation::remove, "LmouC"},
    Rule{Mode::account, Operation::bind, "LmotuOC"},
    Rule{Mode::account, Operation::unbind, "LmotuOC"},
    Rule{Mode::account, Operation::show, "LmoC"},
};

// Session and connection requests, and what only reads or stops the whole, go to the daemon unchecked.
bool is_unchecked(Mode mode, Operation operation) {
  if (mode == Mode::session || mode == Mode::connection) return true;
  return mode == Mode::system &&
         (operation == Operation::show || operation == Operation::remove || operation == Operation::stat);
}

Fault check_letters(const Rule& rule, const Options& options) {
  for (const Option option : options.given) {
    const char letter = row_of(option).letter;
    if (option == Option::debug || rule.letters.contains(letter)) continue;
    if (rule.refusal == Refusal::option_first) {
      return usage_fault(fmt::format("option '-{}' not supported in {} mode", letter, word_for(rule.mode)));
    }
    return usage_fault(fmt::format("{} mode: option '-{}' is not allowed/supported", word_for(rule.mode), letter));
  }
  return {};
}

Fault check_pair(const Options& options) {
  for (const Rule& rule : rules) {
    if (rule.mode == *options.mode && rule.operation == *options.operation) return check_letters(rule, options);
  }
  return usage_fault(
      fmt::format("operation {} not supported in {} mode", word_for(*options.operation), word_for(*options.mode)));
}

// A unit of these types may be made without medium; it is loaded later.
bool is_made_empty(LogicalUnitKind kind) {
  return kind == LogicalUnitKind::disk || kind == LogicalUnitKind::tape || kind == LogicalUnitKind::optical;
}

Fault check_target_selector(const Options& options) {
  if (*options.operation == Operation::show) return {};
  if (!options.target_id) return usage_fault("'tid' option is necessary");
  if (*options.target_id == 0) return usage_fault("'tid' cannot be 0");
  return {};
}

Fault check_logical_unit_selectors(const Options& options) {
  if (!options.target_id) return usage_fault("'tid' option is necessary");
  if (*options.target_id == 0) return usage_fault("'tid' must not be 0");
  if (!options.lun) return usage_fault("'lun' option is necessary");
  return {};
}

// What says which object is meant.
Fault check_selectors(const Options& options) {
  if (*options.mode == Mode::target) return check_target_selector(options);
  if (*options.mode == Mode::logical_unit) return check_logical_unit_selectors(options);
  return {};
}

Fault check_name_and_value(const Options& options) {
  if (*options.operation != Operation::update || (options.name && options.value)) return {};
  return usage_fault("update operation requires 'name' and 'value' options");
}

Fault check_target_arguments(const Options& options) {
  const Operation operation = *options.operation;
  if (operation == Operation::create && !options.target_name) {
    return usage_fault("creating new target requires a name, use --targetname");
  }
  const bool binds = operation == Operation::bind || operation == Operation::unbind;
  if (binds && !options.initiator_address && !options.initiator_name && options.host_number == 0) {
    return usage_fault(
        fmt::format("{} operation requires initiator-address, initiator-name or bus", word_for(operation)));
  }
  return check_name_and_value(options);
}

Fault check_logical_unit_arguments(const Options& options) {
  if (*options.operation != Operation::create || options.backing_store) return {};
  if (is_made_empty(options.device_type.value_or(LogicalUnitKind::disk))) return {};
  return usage_fault("'backing-store' option is necessary");
}

Fault check_portal_arguments(const Options& options) {
  if (*options.operation == Operation::show || options.params) return {};
  return usage_fault("you must specify --param portal=<portal>");
}

Fault check_account_arguments(const Options& options) {
  const Operation operation = *options.operation;
  if (operation == Operation::create && !(options.user && options.password)) {
    return usage_fault("'user' and 'password' options are required");
  }
  if (operation != Operation::show && !options.user) return usage_fault("'user' option is necessary");
  return {};
}

// What the operation needs beside the object.
Fault check_arguments(const Options& options) {
  switch (*options.mode) {
    case Mode::system:
      return check_name_and_value(options);
    case Mode::target:
      return check_target_arguments(options);
    case Mode::portal:
      return check_portal_arguments(options);
    case Mode::account:
      return check_account_arguments(options);
    case Mode::logical_unit:
      return check_logical_unit_arguments(options);
    case Mode::driver:
    case Mode::session:
    case Mode::connection:
      return {};
  }
  return {};
}

}  // namespace

std::optional<UsageFault> check_operation(const Options& options) {
  if (is_unchecked(*options.mode, *options.operation)) return {};
  if (auto fault = check_selectors(options)) return fault;
  if (auto fault = check_pair(options)) return fault;
  return check_arguments(options);
}

}  // namespace tgt
