// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tgt {

enum class Option : std::uint8_t {
  driver,
  operation,
  mode,
  target_id,
  session_id,
  connection_id,
  lun,
  name,
  value,
  backing_store,
  store_type,
  store_options,
  store_flags,
  block_size,
  target_name,
  initiator_address,
  initiator_name,
  user,
  password,
  host,
  bus,
  force,
  params,
  device_type,
  outgoing,
  control_port,
  debug,
  help,
  version,
  legacy_store_type,
  legacy_target_type,
};

enum class OptionArgument : bool { none, required };

// Whether a long option may be shortened on the command line. Options of the past may not: with them, prefixes that
// are in use today (`--back`, `--target`) would become ambiguous.
enum class OptionSpelling : bool { any_prefix, whole_word };

struct OptionRow {
  std::string_view name;
  char letter;  // also names the option in messages
  OptionArgument argument;
  Option option;
  OptionSpelling spelling = OptionSpelling::any_prefix;
};

// Every option of tgtadm, in the order in which ambiguous prefixes are listed.
inline constexpr std::array option_table{
    OptionRow{"help", 'h', OptionArgument::none, Option::help},
    OptionRow{"version", 'V', OptionArgument::none, Option::version},
    OptionRow{"debug", 'd', OptionArgument::none, Option::debug},
    OptionRow{"lld", 'L', OptionArgument::required, Option::driver},
    OptionRow{"op", 'o', OptionArgument::required, Option::operation},
    OptionRow{"mode", 'm', OptionArgument::required, Option::mode},
    OptionRow{"tid", 't', OptionArgument::required, Option::target_id},
    OptionRow{"sid", 's', OptionArgument::required, Option::session_id},
    OptionRow{"cid", 'c', OptionArgument::required, Option::connection_id},
    OptionRow{"lun", 'l', OptionArgument::required, Option::lun},
    OptionRow{"name", 'n', OptionArgument::required, Option::name},
    OptionRow{"value", 'v', OptionArgument::required, Option::value},
    OptionRow{"backing-store", 'b', OptionArgument::required, Option::backing_store},
    OptionRow{"bstype", 'E', OptionArgument::required, Option::store_type},
    OptionRow{"bsopts", 'S', OptionArgument::required, Option::store_options},
    OptionRow{"bsoflags", 'f', OptionArgument::required, Option::store_flags},
    OptionRow{"blocksize", 'y', OptionArgument::required, Option::block_size},
    OptionRow{"targetname", 'T', OptionArgument::required, Option::target_name},
    OptionRow{"initiator-address", 'I', OptionArgument::required, Option::initiator_address},
    OptionRow{"initiator-name", 'Q', OptionArgument::required, Option::initiator_name},
    OptionRow{"user", 'u', OptionArgument::required, Option::user},
    OptionRow{"password", 'p', OptionArgument::required, Option::password},
    OptionRow{"host", 'H', OptionArgument::required, Option::host},
    OptionRow{"force", 'F', OptionArgument::none, Option::force},
    OptionRow{"params", 'P', OptionArgument::required, Option::params},
    OptionRow{"bus", 'B', OptionArgument::required, Option::bus},
    OptionRow{"device-type", 'Y', OptionArgument::required, Option::device_type},
    OptionRow{"outgoing", 'O', OptionArgument::none, Option::outgoing},
    OptionRow{"control-port", 'C', OptionArgument::required, Option::control_port},
    OptionRow{"hostno", 'H', OptionArgument::required, Option::host, OptionSpelling::whole_word},
    OptionRow{"backing-store-type", 'E', OptionArgument::required, Option::legacy_store_type,
              OptionSpelling::whole_word},
    OptionRow{"target-type", 'Y', OptionArgument::required, Option::legacy_target_type, OptionSpelling::whole_word},
};

// The row of an option that has one today.
constexpr const OptionRow& row_of(Option option) {
  for (const OptionRow& row : option_table) {
    if (row.option == option) return row;
  }
  return option_table.front();
}

}  // namespace tgt
