// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "reactor/socket.h"
#include "reactor/timer.h"
#include "transport/iscsi/full_feature_phase.h"
#include "transport/iscsi/services.h"

namespace tgt {

// One TCP connection on its shard, from accept to close: first a LoginPhase, for a limited time, then a
// FullFeaturePhase.
class IscsiConnection {
 public:
  IscsiConnection(Shard& shard, Socket socket, const IscsiServices& services, Duration login_time);
  IscsiConnection(const IscsiConnection&) = delete;
  IscsiConnection& operator=(const IscsiConnection&) = delete;
  ~IscsiConnection() = default;

  // Serves it to its end.
  Task<void> run();
  // Ends run() soon. A session is told.
  void end();
  bool logged_in() const { return phase_ != nullptr; }
  bool ending() const { return ended_ || timed_out_; }

  // The place in the list of its shard's connections.
  IscsiConnection* next = nullptr;
  IscsiConnection* previous = nullptr;

 private:
  static void login_takes_too_long(void* self);

  Shard& shard_;
  Socket socket_;
  const IscsiServices& services_;
  Timer login_timer_;
  bool timed_out_ = false;
  bool ended_ = false;
  std::unique_ptr<FullFeaturePhase> phase_;
};

}  // namespace tgt
