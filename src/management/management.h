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
#include "management/pending_work.h"
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
    // How long an administrator waits.
    struct Patience {
      Duration device = 30s;      // for a device that does not come to an end, before it is left to that on its own
      Duration tasks = 3s;        // for commands that have begun in a unit, while those of others wait for the change
      Duration former_unit = 5s;  // for one that was removed and still has the file
    };
    Patience patience{};
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
  TimePoint device_deadline() const { return home().now() + with_.patience.device; }
  // All at once.
  void begin_to_take_units_away(const std::shared_ptr<Target>& target);
  // False: some device that this is about still holds commands then, as the log says; what was begun there goes on.
  Task<bool> all_has_ended(PendingWork::Which which, TimePoint until);
  DeviceRequest device_request(const Target& target, const NewLogicalUnit& unit, Lun lun);
  // Why a medium cannot be used yet.
  Task<std::optional<std::string>> obstacle_to_medium(std::string identity);
  struct UnitMaking;
  Task<void> make_unit(std::shared_ptr<UnitMaking> making);
  Task<Result<std::shared_ptr<LogicalUnit>, std::string>> open_unit(DeviceRequest request);
  Answer map_unit(std::shared_ptr<Target> target, std::shared_ptr<UnitMaking> making);
  ManagementResult change_port_group(Target& target, const std::string& text);
  std::vector<std::uint16_t> target_ports() const;
  Answer unsupported(std::string what) const;
  // What an update changes in one step: one parameter, or all that make the unit's name.
  Answer change(Unit which, std::shared_ptr<LogicalUnit> unit, std::vector<Parameter> step);
  Answer configure(Unit which, std::shared_ptr<LogicalUnit> unit, std::vector<Parameter> step);
  Task<Result<SettingHolds, ManagementError>> rename(Unit which, std::shared_ptr<LogicalUnit> unit,
                                                     std::vector<Parameter> step);
  Answer change_medium(std::string name, std::shared_ptr<LogicalUnit> unit, std::string path);
  // The answer that it comes to, or a refusal when the time that an administrator waits is over: then it goes on, and
  // the log says how it ends.
  Answer answer_in_bounded_time(PendingWork::Subject subject, std::string what, Answer answer);
  // Runs to its end even when nobody waits any longer. Nothing when the time that an administrator waits is over: the
  // unit is out of the target then, and its device is not yet given back.
  Task<std::optional<Target::Removal>> unmap_in_bounded_time(std::shared_ptr<Target> target, Lun lun,
                                                             Target::WhenActive when_active);

  Dependencies with_;
  std::map<TargetId, DeviceAccess> device_access_;  // of targets whose `iotype` was set
  std::set<Unit> units_in_the_making_;
  std::set<TargetId> targets_being_removed_;
  PendingWork pending_;
};

// The view of a device for `show`.
LogicalUnitView logical_unit_view(Lun lun, const DeviceServer::Description& description);

// In messages.
std::string unit_name(std::int32_t target_id, std::uint64_t number);

inline ManagementResult done() { return std::string(); }
inline ManagementResult refused(ManagementErrorCode code, std::string detail) {
  return failure(ManagementError{code, std::move(detail)});
}

}  // namespace tgt
