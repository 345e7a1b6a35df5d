// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
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
  struct Terms {
    Duration login_time;                                // a login that takes longer is given up
    std::atomic<std::size_t>* without_login = nullptr;  // counts this connection until it has logged in
  };
  IscsiConnection(Shard& shard, Socket socket, const IscsiServices& services, const Terms& terms);
  IscsiConnection(const IscsiConnection&) = delete;
  IscsiConnection& operator=(const IscsiConnection&) = delete;
  ~IscsiConnection() { count_out(); }

  // Serves it to its end.
  Task<void> run();
  // Ends run() soon. A session is told.
  void end();
  // In a normal session. Those who only discover may be asked to make room for others.
  bool logged_in() const { return phase_ != nullptr && phase_->is_normal_session(); }
  bool ending() const { return ended_ || timed_out_; }

  // The place in the list of its shard's connections.
  IscsiConnection* next = nullptr;
  IscsiConnection* previous = nullptr;

 private:
  static void login_takes_too_long(void* self);
  void count_out();

  Shard& shard_;
  Socket socket_;
  const IscsiServices& services_;
  std::atomic<std::size_t>* without_login_;
  Timer login_timer_;
  bool timed_out_ = false;
  bool ended_ = false;
  std::unique_ptr<FullFeaturePhase> phase_;
};

}  // namespace tgt
