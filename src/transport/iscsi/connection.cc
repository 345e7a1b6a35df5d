// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/connection.h"

#include <utility>

#include "transport/iscsi/login_phase.h"

namespace tgt {

IscsiConnection::IscsiConnection(Shard& shard, Socket socket, const IscsiServices& services, const Terms& terms)
    : shard_(shard),
      socket_(std::move(socket)),
      services_(services),
      without_login_(terms.without_login),
      login_timer_(shard, &IscsiConnection::login_takes_too_long, this) {
  socket_.set_tcp_options();
  login_timer_.arm(terms.login_time);
  if (without_login_ != nullptr) without_login_->fetch_add(1, std::memory_order_relaxed);
}

void IscsiConnection::count_out() {
  if (without_login_ != nullptr) std::exchange(without_login_, nullptr)->fetch_sub(1, std::memory_order_relaxed);
}

void IscsiConnection::login_takes_too_long(void* self) {
  auto& connection = *static_cast<IscsiConnection*>(self);
  connection.timed_out_ = true;
  connection.socket_.shutdown();
}

void IscsiConnection::end() {
  if (std::exchange(ended_, true)) return;
  count_out();
  if (phase_ != nullptr) return phase_->end(SessionEnd::administrator);
  socket_.shutdown();
}

Task<void> IscsiConnection::run() {
  const std::string peer = socket_.peer_endpoint().text();
  IscsiSessionTable::Handle handle;
  std::string initiator;
  {
    auto login = std::make_unique<LoginPhase>(shard_, socket_, services_);
    auto phase = co_await login->run();
    login_timer_.cancel();
    phase_ = std::move(phase);
    if (phase_ == nullptr) {
      const std::string_view reason = timed_out_ ? std::string_view("login took too long") : login->reason();
      services_.log.info("iscsi: {} ({}): no login: {}", peer, printable(login->initiator()), reason);
      socket_.shutdown();
      co_return;
    }
    handle = login->take_handle();
    initiator = login->initiator();
  }
  if (logged_in()) count_out();
  services_.log.info("iscsi: {} ({}): logged in", peer, printable(initiator));
  if (ended_) phase_->end(SessionEnd::administrator);
  co_await phase_->run();
  services_.log.info("iscsi: {} ({}): connection ended: {}", peer, printable(initiator), phase_->reason());
  phase_.reset();
}

}  // namespace tgt
