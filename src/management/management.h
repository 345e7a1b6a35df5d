// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "control/management_service.h"
#include "control/views.h"
#include "core/target_registry.h"
#include "management/device_factory.h"
#include "management/state_files.h"
#include "transport/iscsi/iscsi_driver.h"

namespace tgt {

// Who wants to know that the administrator stops the daemon.
class DaemonStopper {
 public:
  virtual void stop_daemon() = 0;

 protected:
  ~DaemonStopper() = default;
};

// Carries out management requests over the daemon's objects. On the home shard, where requests may overlap: a slow one
// (a device that does not answer) holds up no other.
class Management final : public ManagementService {
 public:
  struct Dependencies {
    std::vector<Shard*> shards;  // the data shards; the first one is home
    TargetRegistry& targets;
    IscsiDriver& iscsi;
    IscsiTargetParametersStore& iscsi_parameters;
    DeviceFactory& devices;
    DaemonStopper& stopper;
    Log log;
    StateFiles* state_files = nullptr;  // null: nothing outlives the daemon
    // How long an administrator waits for a device that holds commands before it is left to end on its own.
    Duration longest_close_wait = 30s;
    // For commands that have begun in a unit, while those of others wait for the change.
    Duration longest_task_wait = 3s;
  };
  explicit Management(Dependencies dependencies) : with_(std::move(dependencies)) {}

  bool has_driver(std::string_view name) const override;

  Answer show_system() override;
  Answer stat_system() override;
  Answer set_system_state(SystemState state) override;
  Answer set_debug(bool on) override;
  Answer update_system(Parameter parameter) override;
  Answer stop_system() override;

  Answer create_target(NewTarget target) override;
  Answer remove_target(std::int32_t id, Removal removal) override;
  Answer show_targets() override;
  Answer show_target_parameters(std::int32_t id) override;
  Answer stat_target(std::int32_t id) override;
  Answer set_target_state(std::int32_t id, TargetStateWord state) override;
  Answer set_device_access(std::int32_t id, DeviceAccess access) override;
  Answer update_target(std::int32_t id, Parameter parameter) override;
  Answer admit_initiators(std::int32_t id, AccessRule rule) override;
  Answer refuse_initiators(std::int32_t id, AccessRule rule) override;

  Answer create_logical_unit(NewLogicalUnit unit) override;
  Answer remove_logical_unit(std::int32_t target_id, std::uint64_t number) override;
  Answer update_logical_unit(std::int32_t target_id, std::uint64_t number, std::vector<Parameter> parameters) override;
  Answer stat_logical_unit(std::int32_t target_id, std::uint64_t number) override;

  Answer create_portal(std::string address) override;
  Answer remove_portal(std::string address) override;
  Answer show_portals() override;

  Answer stat_session(std::uint64_t session_id) override;
  Answer show_connections(std::int32_t target_id) override;
  Answer close_connection(ConnectionSelector connection) override;
  Answer stat_connection(ConnectionSelector connection) override;

  Answer create_account(std::string user, std::string password) override;
  Answer remove_account(std::string user) override;
  Answer bind_account(AccountBinding binding) override;
  Answer unbind_account(AccountBinding binding) override;
  Answer show_accounts() override;

  Answer start_driver(std::string name) override;
  Answer stop_driver(std::string name) override;
  Answer show_drivers() override;

  // The end of the daemon: ends every session and gives every device back, flushed. False: something was given up after
  // 10 s, as the log says, and still uses these objects: they must not be destroyed.
  Task<bool> shut_down();

 private:
  using Unit = std::pair<TargetId, std::uint32_t>;  // of a LUN that is being made or removed

  Shard& home() const { return *with_.shards.front(); }
  Result<std::shared_ptr<Target>, ManagementError> find_target(std::int32_t id) const;
  TargetView view_of(Target& target) const;
  std::vector<StatisticsRow> statistics_of(const Target& target) const;
  // All at once. False: some device still holds commands then; its removal goes on.
  Task<bool> take_units_away(std::shared_ptr<Target> target, TimePoint until);
  DeviceRequest device_request(const Target& target, const NewLogicalUnit& unit, Lun lun) const;
  Task<Result<std::shared_ptr<LogicalUnit>, std::string>> make_unit(DeviceRequest request);
  ManagementResult change_port_group(Target& target, const std::string& text);
  std::vector<std::uint16_t> target_ports() const;
  Answer unsupported(std::string what) const;
  Answer configure(Unit which, std::shared_ptr<LogicalUnit> unit, Parameter parameter);
  Task<Result<SettingHolds, ManagementError>> rename(Unit which, std::shared_ptr<LogicalUnit> unit,
                                                     Parameter parameter);
  Answer change_medium(std::string name, std::shared_ptr<LogicalUnit> unit, std::string path);
  // Runs to its end even when nobody waits any longer. Nothing when the time that an administrator waits is over: the
  // unit is out of the target then, and its device is not yet given back.
  Task<std::optional<Target::Removal>> unmap_in_bounded_time(std::shared_ptr<Target> target, Lun lun,
                                                             Target::WhenActive when_active);

  Dependencies with_;
  std::map<TargetId, DeviceAccess> device_access_;  // of targets whose `iotype` was set
  std::set<Unit> units_in_the_making_;
  std::set<TargetId> targets_being_removed_;
  bool debug_ = false;
};

// The view of a device for `show`.
LogicalUnitView logical_unit_view(Lun lun, const DeviceServer::Description& description);

inline ManagementResult done() { return std::string(); }
inline ManagementResult refused(ManagementErrorCode code, std::string detail) {
  return failure(ManagementError{code, std::move(detail)});
}

}  // namespace tgt
