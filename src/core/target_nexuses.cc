// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "core/abort_group.h"
#include "core/every_shard.h"
#include "core/itl_nexus.h"
#include "core/refusals.h"
#include "core/target.h"

namespace tgt {
namespace {

// Below the initiators' patience with a login. Only a session that is just being opened takes time to begin to close.
constexpr Duration longest_reinstatement = 10s;

bool of_same_port(const Nexus::Properties& a, const Nexus::Properties& b) {
  return a.initiator == b.initiator && a.relative_target_port == b.relative_target_port;
}

// Asks a session to end, on its own shard, unless it is ending already.
struct EndSession : PostedWork {
  std::shared_ptr<Nexus> nexus;
  SessionEnd reason = SessionEnd::administrator;

  static void ask(std::shared_ptr<Nexus> nexus, SessionEnd reason) {
    Shard& shard = nexus->shard();
    auto message = std::make_unique<EndSession>();
    message->nexus = std::move(nexus);
    message->reason = reason;
    message->run = [](PostedWork& work) {
      const std::unique_ptr<EndSession> self(static_cast<EndSession*>(&work));
      if (!self->nexus->closing()) self->nexus->session().end(self->reason);
    };
    shard.post(*message.release());
  }
};

Target::NexusStatistics copy_of(Lun lun, const Statistics& of) {
  return {.lun = lun,
          .read_submitted_bytes = of.read_submitted_bytes.load(std::memory_order_relaxed),
          .read_submitted_commands = of.read_submitted_commands.load(std::memory_order_relaxed),
          .read_done_bytes = of.read_done_bytes.load(std::memory_order_relaxed),
          .read_done_commands = of.read_done_commands.load(std::memory_order_relaxed),
          .write_submitted_bytes = of.write_submitted_bytes.load(std::memory_order_relaxed),
          .write_submitted_commands = of.write_submitted_commands.load(std::memory_order_relaxed),
          .write_done_bytes = of.write_done_bytes.load(std::memory_order_relaxed),
          .write_done_commands = of.write_done_commands.load(std::memory_order_relaxed),
          .errors = of.errors.load(std::memory_order_relaxed)};
}

}  // namespace

// A login that is under way, so that those of the same port that came before it give way.
class Target::Login {
 public:
  Login(Target& target, const Nexus::Properties& properties) : target_(target), properties_(properties) {
    {
      const LockGuard lock(target_.mutex_);
      target_.logins_.push_back(&properties_);
    }
    target_.nexus_gone_.ring();
  }
  ~Login() {
    const LockGuard lock(target_.mutex_);
    std::erase(target_.logins_, &properties_);
  }
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

 private:
  Target& target_;
  const Nexus::Properties& properties_;
};

std::shared_ptr<Nexus> Target::nexus_of_port(const Nexus::Properties& properties) const {
  const auto same = [&](const auto& nexus) { return of_same_port(nexus->properties(), properties); };
  const auto found = std::ranges::find_if(nexuses_, same);
  return found == nexuses_.end() ? nullptr : *found;
}

bool Target::is_overtaken(const Nexus::Properties& login) const {
  const auto is_newer = [&login](const Nexus::Properties& other) {
    return other.id > login.id && of_same_port(other, login);
  };
  const auto nexus_is_newer = [&](const auto& nexus) { return is_newer(nexus->properties()); };
  return std::ranges::any_of(logins_, [&](const auto* other) { return is_newer(*other); }) ||
         std::ranges::any_of(nexuses_, nexus_is_newer) || std::ranges::any_of(leaving_, nexus_is_newer);
}

bool Target::was_here_before(const InitiatorPortIdentity& port) {
  const auto known = std::ranges::find(known_ports_, port);
  if (known != known_ports_.end()) return true;
  if (known_ports_.size() == most_known_ports) known_ports_.erase(known_ports_.begin());
  known_ports_.push_back(port);
  return false;
}

Result<std::shared_ptr<Nexus>, Target::NexusRefusal> Target::try_to_open(Shard& shard, Session& session,
                                                                         const Nexus::Properties& properties,
                                                                         std::shared_ptr<Nexus>& earlier) {
  const LockGuard lock(mutex_);
  if (removed_) return failure(NexusRefusal::removed);
  if (state_ == State::offline) return failure(NexusRefusal::offline);
  if (is_overtaken(properties)) return failure(NexusRefusal::overtaken);
  earlier = nexus_of_port(properties);
  if (earlier != nullptr) return failure(NexusRefusal::earlier_stays);
  auto opened = std::make_shared<Nexus>(shard, *this, session, properties);
  opened->returns_ = was_here_before(properties.initiator);
  nexuses_.push_back(opened);
  return opened;
}

Task<Result<std::shared_ptr<Nexus>, Target::NexusRefusal>> Target::open_nexus(Shard& shard, Session& session,
                                                                              Nexus::Properties properties) {
  const Login login(*this, properties);
  const TimePoint until = shard.now() + longest_reinstatement;
  for (;;) {
    Bell::Waiter waiter(nexus_gone_, shard);
    std::shared_ptr<Nexus> earlier;
    auto opened = try_to_open(shard, session, properties, earlier);
    if (earlier == nullptr || shard.now() >= until) co_return opened;
    EndSession::ask(std::move(earlier), SessionEnd::reinstated);
    co_await waiter.rung(until);
  }
}

// What the nexus alone held on a unit ends only with its last task there: until then the unit knows it.
Task<void> Target::leave_unit(std::shared_ptr<Nexus> nexus, std::shared_ptr<ItlNexus> itl,
                              std::unique_ptr<AbortGroup> tasks) {
  co_await tasks->wait(std::nullopt);
  tasks.reset();
  itl->unit().nexus_lost(*itl);
  const LockGuard lock(nexus->mutex_);
  std::erase_if(nexus->itls_, [&itl](const auto& entry) { return entry.second == itl; });
}

Task<void> Target::close_nexus(std::shared_ptr<Nexus> nexus) {
  if (std::exchange(nexus->closing_, true)) co_return;
  nexus->latest_ = nullptr;
  std::vector<std::shared_ptr<ItlNexus>> itls = nexus->itls();
  itls.insert(itls.end(), nexus->forgotten_.begin(), nexus->forgotten_.end());
  std::vector<std::unique_ptr<AbortGroup>> groups;
  const auto is_ours = [&nexus](const Command& command) { return &command.nexus() == nexus.get(); };
  for (const auto& itl : itls) {
    groups.push_back(std::make_unique<AbortGroup>(itl->shared_unit(), nexus->shard(), AbortGroup::Until::left));
    groups.back()->mark(is_ours);
  }
  {
    const LockGuard lock(mutex_);
    std::erase(nexuses_, nexus);
    leaving_.push_back(nexus);
  }
  nexus_gone_.ring();
  Join departures;
  for (std::size_t i = 0; i < itls.size(); ++i) {
    departures.add(leave_unit(nexus, std::move(itls[i]), std::move(groups[i])));
  }
  co_await departures.all();
  {
    const LockGuard lock(mutex_);
    std::erase(leaving_, nexus);
  }
  nexus_gone_.ring();
}

bool Target::earlier_nexus_uses(const LogicalUnit& unit, const Nexus& nexus) const {
  std::vector<std::shared_ptr<Nexus>> earlier;
  {
    const LockGuard lock(mutex_);
    for (const auto& other : leaving_) {
      if (of_same_port(other->properties(), nexus.properties())) earlier.push_back(other);
    }
  }
  return std::ranges::any_of(earlier, [&unit](const auto& other) { return other->uses(unit); });
}

bool Target::end_session(std::uint64_t nexus_id, SessionEnd reason) {
  std::shared_ptr<Nexus> found;
  {
    const LockGuard lock(mutex_);
    for (const auto& nexus : nexuses_) {
      if (nexus->properties().id == nexus_id) found = nexus;
    }
  }
  if (found == nullptr) return false;
  EndSession::ask(std::move(found), reason);
  return true;
}

void Target::end_all_sessions(SessionEnd reason, const Nexus* except) {
  std::vector<std::shared_ptr<Nexus>> all;
  {
    const LockGuard lock(mutex_);
    all = nexuses_;
  }
  for (auto& nexus : all) {
    if (nexus.get() != except) EndSession::ask(std::move(nexus), reason);
  }
}

Task<bool> Target::wait_until_no_nexus(Shard& shard, Duration longest) {
  const TimePoint until = shard.now() + longest;
  for (;;) {
    Bell::Waiter waiter(nexus_gone_, shard);
    {
      const LockGuard lock(mutex_);
      if (nexuses_.empty() && leaving_.empty()) co_return true;
    }
    if (shard.now() >= until) co_return false;
    co_await waiter.rung(until);
  }
}

bool Target::put_port_group(const TargetPortGroup& group) {
  // What it has already may be without a portal just now.
  const auto is_ours = [this, &group](std::uint16_t port) {
    return has_port(port) || (port_groups_.has(port) && port_groups_.group_of(port) == group.id);
  };
  if (!std::ranges::all_of(group.ports, is_ours) || !port_groups_.put(group)) return false;
  port_groups_changed(nullptr);
  return true;
}

bool Target::remove_port_group(std::uint16_t id) {
  if (!port_groups_.remove(id)) return false;
  port_groups_changed(nullptr);
  return true;
}

bool Target::set_port_group_states(const std::vector<TargetPortGroups::NewState>& states, const Nexus& sender) {
  if (!port_groups_.set_states(states, AsymmetricAccessChange::set_by_command)) return false;
  port_groups_changed(&sender);
  return true;
}

// The state is there before anybody is armed for it, and looked at under the lock: of two changes at once the last one
// here sees the newest. Who begins to use a unit at the same time looks at it himself.
void Target::port_groups_changed(const Nexus* except) {
  std::vector<std::shared_ptr<Nexus>> all;
  {
    const LockGuard lock(mutex_);
    all = nexuses_;
  }
  for (const auto& nexus : all) {
    const LockGuard lock(nexus->mutex_);
    const bool serves = serves_everything(port_groups_.state_of(nexus->properties().relative_target_port));
    for (const auto& [lun, itl] : nexus->itls_) {
      if (serves) {
        itl->disarm(ItlNexus::asymmetric_access);
      } else {
        itl->arm(ItlNexus::asymmetric_access);
      }
      if (nexus.get() == except) continue;
      itl->unit().unit_attentions().establish_for(*itl, refusal::asymmetric_access_state_changed);
    }
  }
}

std::vector<Target::NexusView> Target::nexuses() const {
  std::vector<std::shared_ptr<Nexus>> all;
  {
    const LockGuard lock(mutex_);
    all = leaving_;
    all.insert(all.end(), nexuses_.begin(), nexuses_.end());
  }
  std::vector<NexusView> views;
  for (const auto& nexus : all) {
    NexusView view{.properties = nexus->properties(), .statistics = {}};
    {
      const LockGuard lock(nexus->mutex_);
      for (const auto& [lun, itl] : nexus->itls_) view.statistics.push_back(copy_of(Lun{lun}, itl->statistics()));
    }
    std::ranges::sort(view.statistics, {}, &NexusStatistics::lun);
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace tgt
