// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/iscsi_driver.h"

#include <algorithm>
#include <utility>

#include "core/every_shard.h"
#include "reactor/call_on.h"
#include "reactor/event.h"
#include "reactor/thread.h"
#include "transport/iscsi/shard_connections.h"

namespace tgt {
namespace {

// A portal that listens.
struct Listening {
  Listener listener;
  Endpoint at;
  Event ended;
};

// A connection on its way to its shard.
struct Arrival : PostedWork {
  ShardConnections* connections = nullptr;
  int descriptor = -1;
  ShardConnections::Room room = ShardConnections::Room::enough;
};

void arrive(PostedWork& work) {
  const std::unique_ptr<Arrival> arrival(&static_cast<Arrival&>(work));
  arrival->connections->arrive(Socket(arrival->connections->shard(), arrival->descriptor), arrival->room);
}

Task<void> end_all(Shard& home, ShardConnections& there) {
  co_await call_on(home, there.shard(), [&there]() -> Task<void> { return there.end_all(); });
}

}  // namespace

struct IscsiDriver::State {
  State(const Options& driver_options, const Dependencies& dependencies)
      : options(driver_options),
        services{.targets = dependencies.targets,
                 .task_manager = dependencies.task_manager,
                 .parameters = dependencies.parameters,
                 .authentication = dependencies.authentication,
                 .sessions = sessions,
                 .portals = portals,
                 .log = dependencies.log} {
    for (Shard* shard : dependencies.shards) {
      shards.push_back(std::make_unique<ShardConnections>(*shard, services, options.login_time));
    }
  }

  Task<void> accept_connections(Listening& portal);
  Task<void> wait_for_those_that_go();
  void place(Socket socket);
  std::size_t most_connections() const;
  std::size_t count() const;

  Options options;
  IscsiSessionTable sessions;
  IscsiPortalList portals;
  IscsiServices services;
  std::vector<std::unique_ptr<ShardConnections>> shards;
  std::vector<std::unique_ptr<Listening>> listening;
};

std::size_t IscsiDriver::connections_within(std::uint64_t descriptors) {
  constexpr std::uint64_t for_others = 512;
  return descriptors - std::min(for_others, descriptors / 2);
}

IscsiDriver::IscsiDriver(const Options& options, const Dependencies& dependencies)
    : state_(std::make_unique<State>(options, dependencies)) {}

IscsiDriver::~IscsiDriver() = default;

Task<void> IscsiDriver::State::accept_connections(Listening& portal) {
  for (;;) {
    auto socket = co_await portal.listener.accept();
    if (!socket) break;
    place(std::move(*socket));
    co_await wait_for_those_that_go();
  }
  portal.ended.set();
}

// Who makes room needs a moment to be gone. New ones that come faster than that would have all descriptors in the end,
// so they are taken only as fast; no slower than a few a second, as one that ends may have to wait for a device.
Task<void> IscsiDriver::State::wait_for_those_that_go() {
  constexpr std::size_t most_on_their_way = 32;
  constexpr unsigned patience = 100;
  const std::size_t most = most_connections();
  const std::size_t too_many = most + std::min(most / 4, most_on_their_way);
  Shard& shard = shards.front()->shard();
  for (unsigned looks = 0; looks < patience && count() > too_many; ++looks) co_await shard.sleep(1ms);
}

// Asked each time: the administrator may change the limit of a running process (prlimit).
std::size_t IscsiDriver::State::most_connections() const {
  return std::min<std::size_t>(options.most_connections, connections_within(descriptor_limit()));
}

// To the shard that has the fewest; when there are too many, to the one with the most that could make room.
void IscsiDriver::State::place(Socket socket) {
  const bool full = count() >= most_connections();
  const auto fewest = [](const auto& connections) { return connections->count(); };
  const auto most_without_login = [](const auto& connections) { return ~connections->without_login(); };
  ShardConnections& chosen = full ? **std::ranges::min_element(shards, {}, most_without_login)
                                  : **std::ranges::min_element(shards, {}, fewest);
  const auto room = full ? ShardConnections::Room::none : ShardConnections::Room::enough;
  chosen.expect();
  if (&chosen == shards.front().get()) return chosen.arrive(std::move(socket), room);
  auto arrival = std::make_unique<Arrival>();
  arrival->connections = &chosen;
  arrival->descriptor = socket.release();
  arrival->room = room;
  arrival->run = &arrive;
  chosen.shard().post(*arrival.release());
}

std::size_t IscsiDriver::State::count() const {
  std::size_t sum = 0;
  for (const auto& connections : shards) sum += connections->count();
  return sum;
}

Result<void, IoError> IscsiDriver::add_portal(const Endpoint& at, std::string advertised, std::uint16_t group_tag) {
  auto listener = Listener::listen(state_->shards.front()->shard(), at);
  if (!listener) return failure(listener.error());
  auto portal = std::make_unique<Listening>();
  portal->listener = std::move(*listener);
  portal->at = portal->listener.local_endpoint();
  state_->portals.add({.at = portal->at, .advertised = std::move(advertised), .group_tag = group_tag});
  state_->services.log.info("iscsi: listening on {}", portal->at.text());
  Listening& added = *portal;
  state_->listening.push_back(std::move(portal));
  spawn(state_->accept_connections(added));
  return {};
}

Task<bool> IscsiDriver::remove_portal(Endpoint at) {
  const auto found =
      std::ranges::find_if(state_->listening, [&](const auto& portal) { return portal->at.text() == at.text(); });
  if (found == state_->listening.end()) co_return false;
  const std::unique_ptr<Listening> portal = std::move(*found);
  state_->listening.erase(found);
  state_->portals.remove(portal->at);
  portal->listener.shutdown();
  co_await portal->ended.wait();
  state_->services.log.info("iscsi: no longer listening on {}", portal->at.text());
  co_return true;
}

std::vector<IscsiDriver::Portal> IscsiDriver::portals() const {
  std::vector<Portal> portals;
  for (IscsiPortalList::Portal& portal : state_->portals.list()) {
    portals.push_back({.at = portal.at, .advertised = std::move(portal.advertised), .group_tag = portal.group_tag});
  }
  return portals;
}

Task<void> IscsiDriver::stop() {
  while (!state_->listening.empty()) {
    const Endpoint at = state_->listening.back()->at;
    co_await remove_portal(at);
  }
  Shard& home = state_->shards.front()->shard();
  Join shards;  // side by side: a device may hold up the sessions of one of them
  for (const auto& connections : state_->shards) shards.add(end_all(home, *connections));
  co_await shards.all();
}

std::size_t IscsiDriver::connection_count() const { return state_->count(); }

}  // namespace tgt
