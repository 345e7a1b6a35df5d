// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "core/target_registry.h"
#include "core/task_manager.h"
#include "reactor/endpoint.h"
#include "reactor/io_error.h"
#include "reactor/task.h"
#include "transport/iscsi/authentication.h"
#include "transport/iscsi/target_parameters.h"

namespace tgt {

// The iSCSI target port of the daemon (RFC 7143): listens on portals, spreads the connections over the shards and runs
// them. Core knows of its sessions only as nexuses; what belongs to iSCSI alone (the keys of a target) is kept here.
//
// Everything but parameters() is called on the home shard, which is the first one (portals may also be added before it
// runs).
class IscsiDriver {
 public:
  struct Options {
    std::size_t most_connections = 16384;  // one more takes the place of the one that has been silent longest
    Duration login_time = 15s;             // a connection that has not logged in by then is closed
  };
  // How many connections a process takes that may have so many descriptors open, whatever Options say: they leave some
  // to stores, devices and the administrator, who must get in however many initiators there are.
  static std::size_t connections_within(std::uint64_t descriptors);
  struct Dependencies {
    std::vector<Shard*> shards;  // the data shards in index order; they outlive the driver
    TargetRegistry& targets;
    TaskManager& task_manager;
    IscsiTargetParametersStore& parameters;
    const IscsiAuthentication& authentication;
    Log log;
  };
  IscsiDriver(const Options& options, const Dependencies& dependencies);
  ~IscsiDriver();  // after stop(), if it ever listened
  IscsiDriver(const IscsiDriver&) = delete;
  IscsiDriver& operator=(const IscsiDriver&) = delete;

  // Listens at an address; a portal in use is an error, never another address. Discovery tells initiators `advertised`
  // ("192.0.2.7:3260") instead of the address listened on when it is given.
  Result<void, IoError> add_portal(const Endpoint& at, std::string advertised = {}, std::uint16_t group_tag = 1);
  // Stops listening; sessions stay. False when there is no such portal.
  Task<bool> remove_portal(Endpoint at);
  struct Portal {
    Endpoint at;
    std::string advertised;  // empty: the address itself
    std::uint16_t group_tag = 1;
  };
  // The most recent first. `tgtadm --mode portal --op show` prints "Portal: " + at.text() + ",1" (the tag).
  std::vector<Portal> portals() const;

  // Closes the portals and every connection, and waits until all is quiet. Sessions are told (asynchronous message).
  Task<void> stop();

  // Connections of any kind, logged in or not; for statistics and tests. From any thread.
  std::size_t connection_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tgt
