// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>

#include "reactor/gate.h"
#include "reactor/shard.h"
#include "transport/iscsi/connection.h"
#include "transport/iscsi/services.h"

namespace tgt {

// The connections of one shard, in the order in which they came. What counts is for any
// thread, the rest for that shard.
class ShardConnections {
 public:
  ShardConnections(Shard& shard, const IscsiServices& services, Duration login_time)
      : shard_(shard), services_(services), login_time_(login_time) {}
  ShardConnections(const ShardConnections&) = delete;
  ShardConnections& operator=(const ShardConnections&) = delete;

  Shard& shard() { return shard_; }
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  // Those that have not logged in to a target (yet).
  std::size_t without_login() const { return without_login_.load(std::memory_order_relaxed); }
  // One more is on its way here.
  void expect() { count_.fetch_add(1, std::memory_order_relaxed); }

  enum class Room : std::uint8_t { enough, none };
  // Serves a connection that was expected. Without room it takes the place of the one that has gone longest without
  // logging in; when all have logged in it is closed.
  void arrive(Socket socket, Room room);
  // Ends all of them, and takes no more.
  Task<void> end_all();

 private:
  Task<void> serve(Socket socket, Gate::Pass pass);
  bool drop_oldest_without_login();
  void link(IscsiConnection& connection);
  void unlink(IscsiConnection& connection);

  Shard& shard_;
  const IscsiServices& services_;
  Duration login_time_;
  Gate gate_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> without_login_{0};
  IscsiConnection* first_ = nullptr;
  IscsiConnection* last_ = nullptr;
  TimePoint next_warning_{};
};

}  // namespace tgt
