// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "transport/iscsi/portal_address.h"

namespace tgt {
namespace {

constexpr Duration longest_last_request = 2s;

std::vector<Shard*> data_shards(Reactor& reactor) {
  std::vector<Shard*> shards;
  for (unsigned index = 0; index < reactor.shard_count(); ++index) shards.push_back(&reactor.shard(index));
  return shards;
}

// Where tgtadm looks: TGT_IPC_SOCKET, or the historic place, with the control port at its end.
std::string control_socket_path(int control_port) {
  const char* place = std::getenv("TGT_IPC_SOCKET");
  return fmt::format("{}.{}", place != nullptr ? place : "/var/run/tgtd/socket", control_port);
}

// The kernel keeps the sockets of a killed daemon until it has taken its io_uring apart: those who start the next one
// at once find their portals still in use.
Result<void, IoError> add_portal_patiently(IscsiDriver& iscsi, const PortalAddress& portal) {
  constexpr auto patience = 2s;
  constexpr auto between_tries = 20ms;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto added = iscsi.add_portal(portal.at, portal.advertised, portal.group_tag);
    const bool in_use = !added && added.error().kind() == IoError::Kind::address_in_use;
    if (!in_use || std::chrono::steady_clock::now() >= deadline) return added;
    std::this_thread::sleep_for(between_tries);
  }
}

IscsiTargetParameters::KeepAlive keep_alive(const DaemonOptions& options) {
  return {.interval_seconds = options.nop_interval_seconds.value_or(0), .count = options.nop_count.value_or(0)};
}

}  // namespace

Daemon::Daemon(const DaemonOptions& options, Log log)
    : options_(options),
      log_(std::move(log)),
      reactor_(options_.reactor, log_),
      shards_(data_shards(reactor_)),
      task_manager_(TaskManager::Limits{}),
      iscsi_parameters_(keep_alive(options_)),
      iscsi_({}, {.shards = shards_,
                  .targets = targets_,
                  .task_manager = task_manager_,
                  .parameters = iscsi_parameters_,
                  .authentication = *this,
                  .log = log_}),
      devices_(reactor_, log_),
      state_files_(StateFiles::open_or_warn(options_.state_directory, log_)),
      management_({.shards = shards_,
                   .targets = targets_,
                   .iscsi = iscsi_,
                   .iscsi_parameters = iscsi_parameters_,
                   .devices = devices_,
                   .stopper = *this,
                   .log = log_,
                   .state_files = state_files_.get()}),
      control_(*shards_.front(), {.socket_path = control_socket_path(options_.control_port), .own_user = ::geteuid()},
               management_, log_) {}

Result<void, std::string> Daemon::start() {
  if (auto portals = open_portals(); !portals) return portals;
  if (auto opened = control_.open(); !opened) return opened;
  auto signals = SignalSource::open(*shards_.front());
  if (!signals) return failure(fmt::format("signals: {}", signals.error().text()));
  signals_ = std::move(*signals);
  log_.info("tgtd {} serves with {} shard(s) over {}", TGT_VERSION, reactor_.shard_count(), reactor_.backend_name());
  return {};
}

Result<void, std::string> Daemon::open_portals() {
  const bool all_addresses = options_.portals.empty();
  const std::vector<std::string> wanted =
      all_addresses ? std::vector<std::string>{"[::]:3260", "0.0.0.0:3260"} : options_.portals;
  for (const std::string& text : wanted) {
    const auto portal = PortalAddress::parse(text);
    if (!portal) return failure(fmt::format("portal {}: not an address", text));
    const auto added = add_portal_patiently(iscsi_, *portal);
    if (added) continue;
    const bool no_ipv6_here =
        all_addresses && portal->at.is_ipv6() && added.error().kind() != IoError::Kind::address_in_use;
    if (no_ipv6_here) {
      log_.warning("portal {}: {}; serving IPv4 only", text, added.error().text());
      continue;
    }
    return failure(
        fmt::format("portal {}: {}; choose another one with --iscsi portal=ADDRESS:PORT", text, added.error().text()));
  }
  return {};
}

bool Daemon::run() {
  spawn(wait_for_signals());
  reactor_.run();
  return all_has_ended_;
}

// The first signal asks to stop, another one to wait for nothing any longer.
Task<void> Daemon::wait_for_signals() {
  for (bool asked = false;;) {
    const auto signal = co_await signals_.next();
    if (!signal) break;
    // There is no configuration file to read again, and the terminal may go.
    if (*signal == SignalSource::Signal::hang_up) continue;
    log_.info("asked by a signal to stop{}", asked ? " at once" : "");
    if (std::exchange(asked, true)) reactor_.stop();
    stop_daemon();
  }
  signals_unwatched_.set();
}

void Daemon::stop_daemon() {
  if (std::exchange(stopping_, true)) return;
  spawn(shut_down());
}

Task<void> Daemon::shut_down() {
  targets_.set_online(false);
  control_.refuse_requests();
  const bool quiet = co_await management_.shut_down();
  // The last: whoever waits for the management socket to go may start another daemon on the same portals at once.
  const bool answered = co_await control_.close(longest_last_request);
  signals_.cancel();
  co_await signals_unwatched_.wait();
  all_has_ended_ = quiet && answered;
  if (all_has_ended_) log_.info("tgtd has stopped");
  reactor_.stop();
}

}  // namespace tgt
