// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/access_rules.h"
#include "core/logical_unit.h"
#include "core/nexus.h"
#include "core/target_port_groups.h"
#include "reactor/bell.h"
#include "reactor/mutex.h"
#include "reactor/task.h"

namespace tgt {

class AbortGroup;

using TargetId = std::uint32_t;  // `--tid`: 1 to 2^31-1

// A SCSI target device: a name, a LUN map, the nexuses logged in to it, and who may log in. From any shard.
class Target {
 public:
  enum class State : std::uint8_t { offline, ready };

  Target(TargetId tid, std::string name, std::string driver, std::vector<Shard*> shards);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  TargetId tid() const { return tid_; }
  const std::string& name() const { return name_; }
  const std::string& driver() const { return driver_; }
  State state() const;
  void set_state(State state);
  AccessRules& access() { return access_; }
  // Before it is removed: nobody logs in any more.
  void refuse_logins();

  // --- LUN map
  // False when the number is taken. Other initiators learn of it by REPORTED LUNS DATA HAS CHANGED.
  bool map(Lun lun, std::shared_ptr<LogicalUnit> unit);
  std::shared_ptr<LogicalUnit> find(Lun lun) const;
  // Ascending.
  std::vector<std::pair<Lun, std::shared_ptr<LogicalUnit>>> logical_units() const;
  enum class Removal : std::uint8_t { done, not_found, active };
  enum class WhenActive : std::uint8_t { refuse, abort_tasks };
  // Takes the unit out of the map, waits for its tasks, and closes the device: when it returns the device's files are
  // given back. `refuse` answers `active`, and changes nothing, while tasks run.
  Task<Removal> unmap(Shard& shard, Lun lun, WhenActive when_active);

  // --- target ports
  // The relative target port identifiers that this target has (iSCSI: its portal groups). At first only 1.
  void set_ports(std::vector<std::uint16_t> ports);
  bool has_port(std::uint16_t relative_target_port) const;
  std::vector<std::uint16_t> ports() const;

  // --- asymmetric access
  const TargetPortGroups& port_groups() const { return port_groups_; }
  // Makes or changes a group; false: it has a port that this target does not have, or that is another group's. Every
  // initiator learns of it by ASYMMETRIC ACCESS STATE CHANGED.
  bool put_port_group(const TargetPortGroup& group);
  bool remove_port_group(std::uint16_t id);
  // SET TARGET PORT GROUPS: for `sender` it is no news. False: one of the groups is not there; nothing is changed.
  bool set_port_group_states(const std::vector<TargetPortGroups::NewState>& states, const Nexus& sender);

  // --- nexuses
  enum class NexusRefusal : std::uint8_t {
    offline,
    removed,
    overtaken,      // the same port has logged in anew meanwhile
    earlier_stays,  // the session that it has does not end in time
  };
  // Logs an initiator port in. A session of the same port that is still there is ended first, and this waits until its
  // nexus is being closed: all its tasks are then aborted, and those that had not begun never will. Where a device
  // still has some of them the unit is kept from the new nexus until they have left (Nexus::held_back). Of several
  // logins of a port the newest, by the nexus's id, wins. To be called on the session's shard. Every unit gets I_T
  // NEXUS LOSS or POWER ON pending.
  Task<Result<std::shared_ptr<Nexus>, NexusRefusal>> open_nexus(Shard& shard, Session& session,
                                                                Nexus::Properties properties);
  // When no command can come any more: aborts the nexus's tasks, waits for them unit by unit, and forgets the nexus. On
  // its shard.
  Task<void> close_nexus(std::shared_ptr<Nexus> nexus);
  // Whether a nexus of the same port that is being closed still has tasks at this unit.
  bool earlier_nexus_uses(const LogicalUnit& unit, const Nexus& nexus) const;
  // Asks one session (or all of them) to end; false when there is none with that id.
  bool end_session(std::uint64_t nexus_id, SessionEnd reason);
  void end_all_sessions(SessionEnd reason, const Nexus* except = nullptr);
  // Ends when no nexus is left, or after `longest`; says which.
  Task<bool> wait_until_no_nexus(Shard& shard, Duration longest);
  // Copies for `show` and `stat`, in order of login; those that are being closed come first.
  struct NexusStatistics {
    Lun lun;
    std::uint64_t read_submitted_bytes, read_submitted_commands, read_done_bytes, read_done_commands;
    std::uint64_t write_submitted_bytes, write_submitted_commands, write_done_bytes, write_done_commands, errors;
  };
  struct NexusView {
    Nexus::Properties properties;
    std::vector<NexusStatistics> statistics;
  };
  std::vector<NexusView> nexuses() const;

  const std::vector<Shard*>& shards() const { return shards_; }

 private:
  static constexpr std::size_t most_known_ports = 1024;
  class Login;
  Result<std::shared_ptr<Nexus>, NexusRefusal> try_to_open(Shard& shard, Session& session,
                                                           const Nexus::Properties& properties,
                                                           std::shared_ptr<Nexus>& earlier);
  bool is_overtaken(const Nexus::Properties& login) const;
  static Task<void> leave_unit(std::shared_ptr<Nexus> nexus, std::shared_ptr<ItlNexus> itl,
                               std::unique_ptr<AbortGroup> tasks);
  std::shared_ptr<Nexus> nexus_of_port(const Nexus::Properties& properties) const;
  bool was_here_before(const InitiatorPortIdentity& port);
  void tell_of_changed_luns(const LogicalUnit* except);
  void port_groups_changed(const Nexus* except);
  Task<bool> any_task(Shard& shard, const std::shared_ptr<LogicalUnit>& unit) const;
  Task<void> end_tasks(Shard& shard, std::shared_ptr<LogicalUnit> unit, WhenActive when_active);

  TargetId tid_;
  std::string name_;
  std::string driver_;
  std::vector<Shard*> shards_;
  AccessRules access_;
  TargetPortGroups port_groups_;
  mutable Mutex mutex_;
  State state_ = State::ready;
  bool removed_ = false;
  std::vector<std::uint16_t> ports_{1};
  std::map<std::uint32_t, std::shared_ptr<LogicalUnit>> units_;
  std::vector<std::shared_ptr<Nexus>> nexuses_;
  std::vector<std::shared_ptr<Nexus>> leaving_;     // that are being closed
  std::vector<const Nexus::Properties*> logins_;    // that are under way in open_nexus()
  std::vector<InitiatorPortIdentity> known_ports_;  // that were logged in before: I_T NEXUS LOSS, not POWER ON
  Bell nexus_gone_;
};

}  // namespace tgt
