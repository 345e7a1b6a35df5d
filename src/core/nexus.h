// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "reactor/shard.h"
#include "scsi/lun.h"

namespace tgt {

class ItlNexus;
class Target;

// The initiator port of a nexus (SAM-6, 4.6): for iSCSI the initiator's name and ISID, which together are its
// TransportID. Two sessions of the same initiator port are the same nexus, one after the other.
struct InitiatorPortIdentity {
  std::string name;
  std::array<std::uint8_t, 6> isid{};
  friend bool operator==(const InitiatorPortIdentity&, const InitiatorPortIdentity&) = default;
};

// Why the core asks a session to end.
enum class SessionEnd : std::uint8_t {
  reinstated,       // the same initiator port logs in again
  administrator,    // tgtadm closed the connection or forced the target away
  target_removed,
  target_reset,     // TARGET COLD RESET
};

// What the core asks of the transport's session. Called on the session's own shard.
class Session {
 public:
  // Close the connections soon; the nexus is given back through Target::close_nexus() as after any lost connection.
  virtual void end(SessionEnd reason) = 0;

 protected:
  ~Session() = default;
};

// One I_T nexus: an initiator port logged in to a target port, on the shard of its connection. Its cache of logical
// units is for that shard only; the rest does not change.
class Nexus {
 public:
  struct Properties {
    std::uint64_t id = 0;  // unique among the nexuses of this daemon's life; `I_T nexus: N`
    InitiatorPortIdentity initiator;
    std::string initiator_alias;    // empty: none
    std::string initiator_address;  // "192.0.2.1", for `show`
    std::uint16_t connection_id = 0;
    std::uint16_t relative_target_port = 1;
  };
  Nexus(Shard& shard, Target& target, Session& session, Properties properties);
  ~Nexus();
  Nexus(const Nexus&) = delete;
  Nexus& operator=(const Nexus&) = delete;

  Shard& shard() const { return shard_; }
  Target& target() const { return target_; }
  Session& session() const { return session_; }
  const Properties& properties() const { return properties_; }

  // This initiator's view of a logical unit, made on first use; nothing when the target maps none there.
  // Own shard.
  ItlNexus* itl(Lun lun);

 private:
  friend class Target;
  friend class TaskManager;
  Shard& shard_;
  Target& target_;
  Session& session_;
  Properties properties_;
  std::unordered_map<std::uint32_t, std::shared_ptr<ItlNexus>> itls_;
};

}  // namespace tgt
