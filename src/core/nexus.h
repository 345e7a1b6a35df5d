// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "reactor/buffer_share.h"
#include "reactor/mutex.h"
#include "reactor/shard.h"
#include "scsi/lun.h"

namespace tgt {

class ItlNexus;
class LogicalUnit;
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
  reinstated,     // the same initiator port logs in again
  administrator,  // tgtadm closed the connection or forced the target away
  target_removed,
  target_reset,  // TARGET COLD RESET
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
  // Memory for the data of its commands. Own shard.
  BufferShare& buffers() { return buffers_; }
  Target& target() const { return target_; }
  Session& session() const { return session_; }
  const Properties& properties() const { return properties_; }

  // This initiator's view of a logical unit, made on first use; nothing when the target maps none there.
  // Own shard.
  ItlNexus* itl(Lun lun) {
    if (latest_ != nullptr && latest_lun_ == lun) return latest_;
    return find_itl(lun);
  }
  // Why itl() has just found nothing: an earlier nexus of the same initiator port still has tasks there. They will not
  // be answered, but they may touch the medium, so no command of this nexus goes to that unit before. Own shard.
  bool held_back() const { return held_back_; }
  // From any shard.
  bool uses(const LogicalUnit& unit) const;
  // All of them. Own shard.
  std::vector<std::shared_ptr<ItlNexus>> itls() const;
  // The session has ended or is about to: its commands are not served any more. Own shard.
  bool closing() const { return closing_; }

  // A unit is not to be used under its LUN any more; what runs keeps it until it has ended. Own shard.
  void forget(ItlNexus& itl);
  // The last task of a forgotten unit has gone. Own shard.
  void discard(ItlNexus& itl);

 private:
  friend class Target;
  ItlNexus* find_itl(Lun lun);
  ItlNexus* make_itl(Lun lun);

  Shard& shard_;
  BufferShare buffers_{shard_.buffers()};
  Target& target_;
  Session& session_;
  Properties properties_;
  mutable Mutex mutex_;  // the own shard changes the map under it, and reads without; others read under it
  std::unordered_map<std::uint32_t, std::shared_ptr<ItlNexus>> itls_;
  std::vector<std::shared_ptr<ItlNexus>> forgotten_;
  ItlNexus* latest_ = nullptr;  // the one that was asked for last
  Lun latest_lun_{};
  bool returns_ = false;  // the same initiator port was logged in before
  bool held_back_ = false;
  bool closing_ = false;
};

}  // namespace tgt
