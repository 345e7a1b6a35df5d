// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "control/management_request.h"
#include "control/management_service.h"
#include "control/protocol.h"
#include "reactor/event.h"
#include "reactor/gate.h"
#include "reactor/lock_file.h"
#include "reactor/shard.h"
#include "reactor/socket.h"

namespace tgt {

// Whether a process of this user may manage a daemon that runs as `own_user`.
bool may_manage(const Socket::PeerCredentials& peer, std::uint32_t own_user);

// The management socket: takes one request from each connection, has it carried out and answers. On one shard. Requests
// of several connections overlap: one that waits for a device holds up no other.
class ControlServer {
 public:
  struct Options {
    std::string socket_path;     // the folder is made when it is missing
    std::uint32_t own_user = 0;  // who, beside root, may connect
    std::size_t most_connections =
        64;                      // that ask or are being answered; more wait. Who waits for a device is no burden.
    Duration request_time = 5s;  // until the whole request is there
    Duration reply_time = 30s;   // until the client has taken the whole reply
  };

  ControlServer(Shard& shard, Options options, ManagementService& service, Log log);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Locks `<socket_path>.lock` and listens. Requests are taken from now on. The text says why it cannot be.
  Result<void, std::string> open();

  // Connections are taken as before, but each request is refused: the daemon is stopping. To be called before all that
  // requests could meet half-way is taken apart. tgtadm returns from stopping the daemon when close() has been called,
  // so that comes last: a new daemon then finds the portals and the lock free.
  void refuse_requests() { refusing_ = true; }

  // Refuses connections from now on, lets the requests that are being carried out end and be answered, and removes the
  // socket. Must have ended before the server is destroyed. False: some have not ended in time; socket and lock stay
  // then until the process ends, and the server must not be destroyed.
  Task<bool> close(Duration longest);

 private:
  Task<void> accept_connections();
  Task<void> serve(Socket socket, Gate::Pass pass);
  Task<Result<ManagementRequest, std::string>> receive_permitted(Socket& socket);
  Task<Result<ManagementRequest, std::string>> receive_request(Socket& socket);
  Task<Result<void, std::string>> receive_all(Socket& socket, MutableBytes into);
  Task<ManagementResult> carry_out(ManagementRequest request);
  Task<void> send_reply(Socket& socket, ManagementResult result);
  std::optional<std::string> refusal_of_peer(const Socket& socket) const;

  Shard& shard_;
  Options options_;
  ManagementService& service_;
  Log log_;
  std::optional<LockFile> lock_;
  Listener listener_;
  std::set<Socket*> receiving_;  // may be cut when the server closes
  std::size_t busy_connections_ = 0;
  bool refusing_ = false;
  bool closing_ = false;
  Event connection_idle_;
  Event accept_ended_;
  Gate gate_;
};

}  // namespace tgt
