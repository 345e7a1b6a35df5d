// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/options.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

#include "cli/tgtadm/number.h"
#include "cli/tgtadm/option_scanner.h"
#include "control/management_words.h"

namespace tgt {
namespace {

template <class T>
using Word = std::pair<std::string_view, T>;

constexpr std::array device_type_words{
    Word<LogicalUnitKind>{"disk", LogicalUnitKind::disk},
    Word<LogicalUnitKind>{"tape", LogicalUnitKind::tape},
    Word<LogicalUnitKind>{"ssc", LogicalUnitKind::tape},
    Word<LogicalUnitKind>{"cd", LogicalUnitKind::optical},
    Word<LogicalUnitKind>{"changer", LogicalUnitKind::changer},
    Word<LogicalUnitKind>{"osd", LogicalUnitKind::object_storage},
    Word<LogicalUnitKind>{"pt", LogicalUnitKind::passthrough},
};

// What --backing-store-type and --target-type of 2006 say about a target: `raw` hands its devices on as they are.
constexpr std::array iotype_words{
    Word<std::string_view>{"raw", "rawio"},   Word<std::string_view>{"rawio", "rawio"},
    Word<std::string_view>{"pt", "rawio"},    Word<std::string_view>{"passthrough", "rawio"},
    Word<std::string_view>{"file", "fileio"}, Word<std::string_view>{"fileio", "fileio"},
    Word<std::string_view>{"disk", "fileio"},
};

template <class T, std::size_t Size>
std::optional<T> find_word(const std::array<Word<T>, Size>& words, std::string_view word) {
  for (const auto& [text, value] : words) {
    if (text == word) return value;
  }
  return std::nullopt;
}

using Done = std::optional<UsageFault>;

Done take_number(const ScannedOption& option, std::uint64_t greatest, auto& into) {
  const auto number = parse_number(option.value, greatest);
  if (!number) {
    return form_fault(fmt::format("-{} argument value '{}' {}", row_of(option.option).letter, option.value,
                                  number.error() == NumberFault::invalid ? "invalid" : "out of range"));
  }
  using Number = std::remove_cvref_t<decltype(into)>;
  if constexpr (requires { typename Number::value_type; }) {
    into = static_cast<typename Number::value_type>(*number);
  } else {
    into = static_cast<Number>(*number);
  }
  return {};
}

template <class T>
constexpr std::uint64_t greatest_of = static_cast<std::uint64_t>(std::numeric_limits<T>::max());

Done take_operation(std::string_view word, Options& options) {
  options.operation = operation_named(word);
  if (options.operation) return {};
  return UsageFault{exit_unknown_word, fmt::format("tgtadm: unknown operation: {}\n", word)};
}

Done take_mode(std::string_view word, Options& options) {
  options.mode = mode_named(word);
  if (options.mode) return {};
  return UsageFault{exit_unknown_word, fmt::format("tgtadm: unknown mode: {}\n", word)};
}

Done take_device_type(std::string_view word, Options& options) {
  options.device_type = device_type_named(word);
  if (options.device_type) return {};
  return usage_fault(fmt::format("unknown target type: {}", word));
}

Done take_iotype(std::string_view word, Options& options) {
  const auto iotype = find_word(iotype_words, word);
  if (!iotype) return usage_fault(fmt::format("unknown target type: {}", word));
  options.iotype = *iotype;
  return {};
}

Done take_bus(std::string_view bus_and_id, Options& options, const HostLookup& find_host) {
  const auto host = find_host(std::string(bus_and_id));
  if (!host) return usage_fault(host.error());
  options.host_number = *host;
  return {};
}

// Where the text of an option is kept; nothing for options that are more than text.
std::optional<std::string>* text_place(Option option, Options& options) {
  switch (option) {
    case Option::name:
      return &options.name;
    case Option::value:
      return &options.value;
    case Option::backing_store:
      return &options.backing_store;
    case Option::store_type:
      return &options.store_type;
    case Option::store_options:
      return &options.store_options;
    case Option::store_flags:
      return &options.store_flags;
    case Option::block_size:
      return &options.block_size;
    case Option::target_name:
      return &options.target_name;
    case Option::initiator_address:
      return &options.initiator_address;
    case Option::initiator_name:
      return &options.initiator_name;
    case Option::user:
      return &options.user;
    case Option::password:
      return &options.password;
    case Option::params:
      return &options.params;
    default:
      return nullptr;
  }
}

Done take(const ScannedOption& option, Options& options, const HostLookup& find_host) {
  if (auto* place = text_place(option.option, options)) {
    *place = std::string(option.value);
    return {};
  }
  switch (option.option) {
    case Option::driver:
      options.driver = option.value.substr(0, 63);
      return {};
    case Option::operation:
      return take_operation(option.value, options);
    case Option::mode:
      return take_mode(option.value, options);
    case Option::target_id:
      return take_number(option, greatest_of<std::int32_t>, options.target_id);
    case Option::session_id:
      return take_number(option, greatest_of<std::uint64_t>, options.session_id);
    case Option::connection_id:
      return take_number(option, greatest_of<std::uint32_t>, options.connection_id);
    case Option::lun:
      return take_number(option, greatest_of<std::uint64_t>, options.lun);
    case Option::host:
      return take_number(option, greatest_of<std::uint32_t>, options.host_number);
    case Option::control_port:
      return take_number(option, greatest_of<std::uint16_t>, options.control_port);
    case Option::device_type:
      return take_device_type(option.value, options);
    case Option::legacy_store_type:
    case Option::legacy_target_type:
      return take_iotype(option.value, options);
    case Option::bus:
      return take_bus(option.value, options, find_host);
    case Option::force:
      options.force = true;
      return {};
    case Option::outgoing:
      options.outgoing = true;
      return {};
    case Option::debug:
      options.debug = true;
      return {};
    case Option::help:
      options.help = true;
      return {};
    case Option::version:
      options.version = true;
      return {};
    default:
      return {};
  }
}

}  // namespace

Result<Options, UsageFault> parse_options(std::span<const std::string> arguments, const HostLookup& find_host) {
  const ScannedArguments scanned = scan_arguments(arguments);
  Options options;
  for (const ScannedOption& option : scanned.options) {
    options.given.push_back(option.option);
    if (auto fault = take(option, options, find_host)) return failure(*fault);
    if (options.help || options.version) return options;
  }
  if (scanned.fault) return failure(*scanned.fault);
  if (!scanned.words.empty()) {
    return failure(form_fault(fmt::format("tgtadm: unrecognized option '{}'", scanned.words.front())));
  }
  return options;
}

std::optional<LogicalUnitKind> device_type_named(std::string_view word) { return find_word(device_type_words, word); }

}  // namespace tgt
