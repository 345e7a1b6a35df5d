// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/tgtadm/option_table.h"
#include "cli/tgtadm/usage_fault.h"
#include "control/management_request.h"

namespace tgt {

// The number of the kernel's SCSI host that `bus,id` names; a message when there is none.
using HostLookup = std::function<Result<std::uint32_t, std::string>(const std::string& bus_and_id)>;

// What the user asked for, still option by option. Given twice, the last one counts.
struct Options {
  std::vector<Option> given;  // in the order of the command line; what a mode and operation admit is checked against it
  std::optional<ManagementOperation> operation;
  std::optional<ManagementMode> mode;
  std::string driver;
  std::optional<std::int32_t> target_id;
  std::uint64_t session_id = 0;
  std::uint32_t connection_id = 0;
  std::optional<std::uint64_t> lun;
  std::uint32_t host_number = 0;
  std::uint16_t control_port = 0;
  std::optional<LogicalUnitKind> device_type;
  bool force = false;
  bool outgoing = false;
  bool debug = false;
  bool help = false;     // wins over all that stands behind it
  bool version = false;  // likewise
  std::optional<std::string> name;
  std::optional<std::string> value;
  std::optional<std::string> backing_store;
  std::optional<std::string> store_type;
  std::optional<std::string> store_options;
  std::optional<std::string> store_flags;
  std::optional<std::string> block_size;
  std::optional<std::string> target_name;
  std::optional<std::string> initiator_address;
  std::optional<std::string> initiator_name;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::string> params;
  std::optional<std::string> iotype;  // of a new target; from the options of the past
};

// Reads the command line (without the program's name) option by option. What the options mean together is not looked
// at.
Result<Options, UsageFault> parse_options(std::span<const std::string> arguments, const HostLookup& find_host);

// The device type that a word of the command line names.
std::optional<LogicalUnitKind> device_type_named(std::string_view word);

}  // namespace tgt
