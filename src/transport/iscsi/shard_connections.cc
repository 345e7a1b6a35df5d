// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/shard_connections.h"

#include <utility>

namespace tgt {

void ShardConnections::arrive(Socket socket, Room room) {
  const bool full = room == Room::none && !drop_oldest_without_login();
  Gate::Pass pass = gate_.enter();
  if (full || !pass) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  spawn(serve(std::move(socket), std::move(pass)));
}

bool ShardConnections::drop_oldest_without_login() {
  constexpr Duration between_warnings = 10s;
  if (shard_.now() >= next_warning_) {
    next_warning_ = shard_.now() + between_warnings;
    services_.log.warning("iscsi: as many connections as there may be; those that do not log in make room");
  }
  for (IscsiConnection* connection = first_; connection != nullptr; connection = connection->next) {
    if (connection->logged_in() || connection->ending()) continue;
    connection->end();
    return true;
  }
  return false;
}

Task<void> ShardConnections::serve(Socket socket, Gate::Pass pass) {
  IscsiConnection connection(shard_, std::move(socket), services_,
                             {.login_time = login_time_, .without_login = &without_login_});
  link(connection);
  co_await connection.run();
  unlink(connection);
  count_.fetch_sub(1, std::memory_order_relaxed);
  static_cast<void>(pass);
}

Task<void> ShardConnections::end_all() {
  for (IscsiConnection* connection = first_; connection != nullptr;) {
    IscsiConnection* next = connection->next;
    connection->end();
    connection = next;
  }
  co_await gate_.close();
}

void ShardConnections::link(IscsiConnection& connection) {
  connection.previous = last_;
  (last_ == nullptr ? first_ : last_->next) = &connection;
  last_ = &connection;
}

void ShardConnections::unlink(IscsiConnection& connection) {
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  (connection.next == nullptr ? last_ : connection.next->previous) = connection.previous;
}

}  // namespace tgt
