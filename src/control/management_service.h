// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/management_error.h"
#include "control/management_request.h"
#include "control/request_text.h"
#include "reactor/task.h"

namespace tgt {

// What a request comes to: a text to print (empty for everything but `show` and `stat`), or the refusal.
using ManagementResult = Result<std::string, ManagementError>;

// How the logical units of a target treat their devices when their own request does not say: emulated on a store, or
// handed through as they are (`iotype` fileio and rawio).
enum class DeviceAccess : std::uint8_t { emulated, passed_through };

// `running` is the word of 2006 for ready. A target that gets it, and for which no access rule was ever made, admits
// every initiator, as targets did then.
enum class TargetStateWord : std::uint8_t { offline, ready, running };

enum class SystemState : std::uint8_t { offline, ready };

struct NewTarget {
  std::int32_t id = 0;  // 1 or more
  std::string name{};   // of the characters that iSCSI names have
  DeviceAccess device_access = DeviceAccess::emulated;
};

struct NewLogicalUnit {
  std::int32_t target_id = 0;
  std::uint64_t number = 0;
  LogicalUnitKind kind = LogicalUnitKind::disk;
  std::optional<std::string> path{};        // never empty; absent: a unit without medium
  std::optional<std::string> store_type{};  // absent: by kind and by the target's DeviceAccess
  std::string store_options{};
  bool synchronous = false;
  bool direct = false;
  std::optional<std::uint32_t> block_size{};
};

// One rule that admits initiators to a target. An address is ALL, an address, or address/prefix; a text that is none
// of them is a rule that admits nobody (clients bind such texts and expect success).
struct AccessRule {
  enum class Kind : std::uint8_t { address, name, host };
  Kind kind = Kind::address;
  std::string text{};
  std::uint32_t host_number = 0;
};

struct AccountBinding {
  std::string user{};
  std::optional<std::int32_t> target_id{};  // absent: discovery
  bool outgoing = false;
};

struct ConnectionSelector {
  std::optional<std::int32_t> target_id{};
  std::uint64_t session_id = 0;
  std::uint32_t connection_id = 0;
};

enum class Removal : std::uint8_t { when_idle, forced };

// What the daemon can be told to do. Implemented by the daemon over its objects, called by dispatch_request(), which
// has checked the form of every argument; whether the objects exist is the service's to say. Removals return when the
// object is gone, down to its closed files; what may take long is bounded by the service.
class ManagementService {
 public:
  using Answer = Task<ManagementResult>;

  virtual ~ManagementService() = default;

  // Whether `--lld name` may be asked anything. The empty name is the first driver.
  virtual bool has_driver(std::string_view name) const = 0;

  virtual Answer show_system() = 0;
  virtual Answer stat_system() = 0;
  virtual Answer set_system_state(SystemState state) = 0;
  virtual Answer set_debug(bool on) = 0;
  // Names other than State and debug.
  virtual Answer update_system(Parameter parameter) = 0;
  // Stops the daemon after the reply, or refuses (invalid_request) while it has targets.
  virtual Answer stop_system() = 0;

  virtual Answer create_target(NewTarget target) = 0;
  virtual Answer remove_target(std::int32_t id, Removal removal) = 0;
  virtual Answer show_targets() = 0;
  virtual Answer show_target_parameters(std::int32_t id) = 0;
  virtual Answer stat_target(std::int32_t id) = 0;
  virtual Answer set_target_state(std::int32_t id, TargetStateWord state) = 0;
  virtual Answer set_device_access(std::int32_t id, DeviceAccess access) = 0;
  // Names other than state and iotype: nop_interval, nop_count, Redirect..., the iSCSI keys; any case of letters.
  virtual Answer update_target(std::int32_t id, Parameter parameter) = 0;
  virtual Answer admit_initiators(std::int32_t id, AccessRule rule) = 0;
  virtual Answer refuse_initiators(std::int32_t id, AccessRule rule) = 0;

  virtual Answer create_logical_unit(NewLogicalUnit unit) = 0;
  virtual Answer remove_logical_unit(std::int32_t target_id, std::uint64_t number) = 0;
  // Applied from left to right; without parameters it only says whether the unit exists.
  virtual Answer update_logical_unit(std::int32_t target_id, std::uint64_t number,
                                     std::vector<Parameter> parameters) = 0;
  virtual Answer stat_logical_unit(std::int32_t target_id, std::uint64_t number) = 0;

  // `address` is what the client wrote: address, address:port, [address]:port; of a new one perhaps with ",TAG".
  virtual Answer create_portal(std::string address) = 0;
  virtual Answer remove_portal(std::string address) = 0;
  virtual Answer show_portals() = 0;

  virtual Answer stat_session(std::uint64_t session_id) = 0;
  virtual Answer show_connections(std::int32_t target_id) = 0;
  virtual Answer close_connection(ConnectionSelector connection) = 0;
  virtual Answer stat_connection(ConnectionSelector connection) = 0;

  virtual Answer create_account(std::string user, std::string password) = 0;
  // Also unbinds it everywhere.
  virtual Answer remove_account(std::string user) = 0;
  virtual Answer bind_account(AccountBinding binding) = 0;
  virtual Answer unbind_account(AccountBinding binding) = 0;
  virtual Answer show_accounts() = 0;

  virtual Answer start_driver(std::string name) = 0;
  virtual Answer stop_driver(std::string name) = 0;
  virtual Answer show_drivers() = 0;
};

}  // namespace tgt
