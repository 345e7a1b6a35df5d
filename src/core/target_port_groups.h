// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "reactor/mutex.h"
#include "scsi/cdb.h"
#include "scsi/sense.h"

namespace tgt {

// ASYMMETRIC ACCESS STATE (SPC-6, REPORT TARGET PORT GROUPS).
enum class AsymmetricAccessState : std::uint8_t {
  active_optimized = 0x0,
  active_non_optimized = 0x1,
  standby = 0x2,
  unavailable = 0x3,
  offline = 0xe,
  transitioning = 0xf,
};

constexpr bool serves_everything(AsymmetricAccessState state) {
  return state == AsymmetricAccessState::active_optimized || state == AsymmetricAccessState::active_non_optimized;
}

// STATUS CODE: who made the state what it is.
enum class AsymmetricAccessChange : std::uint8_t { none = 0, set_by_command = 1, set_by_target = 2 };

struct TargetPortGroup {
  std::uint16_t id = 1;
  AsymmetricAccessState state = AsymmetricAccessState::active_optimized;
  bool preferred = false;
  AsymmetricAccessChange change = AsymmetricAccessChange::none;
  std::vector<std::uint16_t> ports;  // relative target port identifiers
};

// How the ports of one target may be used (asymmetric logical unit access: SPC-6, 5.17), for all its logical units
// alike. As long as the administrator made no group there is one of all ports, active/optimized, and initiators are not
// told of it. From any shard.
class TargetPortGroups {
 public:
  // Ascending. Only what the administrator made.
  std::vector<TargetPortGroup> list() const;
  bool any() const { return any_.load(std::memory_order_acquire); }
  bool has(std::uint16_t port) const;
  // 1 when the port is in no group.
  std::uint16_t group_of(std::uint16_t port) const;
  AsymmetricAccessState state_of(std::uint16_t port) const;

  // Makes a group or changes it. False: one of its ports is another group's.
  bool put(TargetPortGroup group);
  // False: there is none.
  bool remove(std::uint16_t id);
  // All of them or none.
  struct NewState {
    std::uint16_t id = 0;
    AsymmetricAccessState state{};
  };
  bool set_states(const std::vector<NewState>& states, AsymmetricAccessChange change);

 private:
  const TargetPortGroup* find(std::uint16_t port) const;
  mutable Mutex mutex_;
  std::vector<TargetPortGroup> groups_;
  std::atomic<bool> any_{false};
};

// Why a port in this state does not serve a command; nothing when it does.
std::optional<Sense> asymmetric_access_refusal(AsymmetricAccessState state, const Cdb& cdb);

}  // namespace tgt
