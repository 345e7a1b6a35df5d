// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "core/fake_device.h"
#include "reactor/simulated_reactor.h"
#include "transport/iscsi/connection.h"
#include "transport/iscsi/scratch_device.h"
#include "transport/iscsi/wire_initiator.h"

namespace tgt {

// For tests: a target "iqn.t" with a ScratchDevice (LUN 0) and a FakeDevice (LUN 1) on a simulated shard, and
// connections to it.
class IscsiWorld final : public IscsiAuthentication {
 public:
  static constexpr std::size_t scratch_size = std::size_t{4} << 20;

  explicit IscsiWorld(std::uint64_t seed = 1)
      : IscsiWorld(SimulatedReactor::Options{.shards = 1, .system = {.seed = seed}}) {}
  explicit IscsiWorld(const SimulatedReactor::Options& options) : reactor(options) {
    const std::vector<Shard*> shards = {&reactor.shard()};
    target = std::make_shared<Target>(1, "iqn.t", "iscsi", shards);
    target->access().add_name("iqn.i");
    auto scratch_device = std::make_unique<ScratchDevice>(scratch_size);
    auto fake_device = std::make_unique<FakeDevice>();
    scratch = scratch_device.get();
    fake = fake_device.get();
    target->map(Lun{0}, std::make_shared<LogicalUnit>(std::move(scratch_device), shards));
    target->map(Lun{1}, std::make_shared<LogicalUnit>(std::move(fake_device), shards));
    targets.add(target);
  }
  ~IscsiWorld() {
    initiators_.clear();
    fake->behaviour().holds = false;
    fake->complete_all();
    EXPECT_TRUE(reactor.run_until([this] { return running_ == 0; })) << "a connection does not end";
    EXPECT_EQ(reactor.shard().buffers().lent(), 0U) << "a buffer was not given back";
    EXPECT_TRUE(target->nexuses().empty());
    for (const std::uint32_t number : {0U, 1U}) EXPECT_TRUE(reactor.run(unmap(Lun{number})));
    reactor.settle();
    EXPECT_EQ(reactor.system().open_descriptors(), 0U);
  }
  IscsiWorld(const IscsiWorld&) = delete;
  IscsiWorld& operator=(const IscsiWorld&) = delete;

  WireInitiator& connect() {
    const auto [ours, theirs] = reactor.system().socket_pair(capacity);
    descriptor = ours;
    initiators_.push_back(std::make_unique<WireInitiator>(reactor, theirs));
    ++running_;
    spawn(serve(Socket(reactor.shard(), ours)));
    reactor.settle();
    return *initiators_.back();
  }
  // A connection that has logged in, whose unit attentions have been read.
  WireInitiator& session(std::initializer_list<std::string_view> keys = {}) {
    WireInitiator& initiator = connect();
    EXPECT_EQ(log_in(initiator, keys), iscsi::LoginStatus::success);
    for (const std::uint64_t lun : {std::uint64_t{0}, std::uint64_t{1} << 48}) {
      for (unsigned i = 0; i < 4; ++i) {
        initiator.command({0, 0, 0, 0, 0, 0}, {.lun = lun});
        const auto answer = initiator.expect(iscsi::Opcode::scsi_response).as<iscsi::ScsiResponseHeader>();
        if (answer.status == 0) break;
      }
    }
    return initiator;
  }
  static std::optional<iscsi::LoginStatus> log_in(WireInitiator& initiator,
                                                  std::initializer_list<std::string_view> keys) {
    std::vector<std::string_view> all = {"InitiatorName=iqn.i", "TargetName=iqn.t"};
    all.insert(all.end(), keys.begin(), keys.end());
    std::string text;
    for (const std::string_view pair : all) text.append(pair).append(1, '\0');
    text.pop_back();
    return initiator.login({text});
  }
  // Closes and forgets one.
  void disconnect(WireInitiator& initiator) {
    initiators_.remove_if([&](const auto& held) { return held.get() == &initiator; });
    reactor.settle();
  }
  std::size_t running() const { return running_; }

  bool required(const Target*) const override { return authentication_required; }

  SimulatedReactor reactor;
  std::size_t capacity = 65536;  // of a connection's buffers, each way
  int descriptor = -1;           // the target's end of the last connection
  bool authentication_required = false;
  TargetRegistry targets;
  std::shared_ptr<Target> target;
  ScratchDevice* scratch = nullptr;
  FakeDevice* fake = nullptr;
  TaskManager task_manager{TaskManager::Limits{}};
  IscsiTargetParametersStore parameters;
  IscsiSessionTable sessions;
  IscsiPortalList portals;
  IscsiServices services{targets, task_manager, parameters, *this, sessions, portals, Log::silent()};

 private:
  Task<void> serve(Socket socket) {
    IscsiConnection connection(reactor.shard(), std::move(socket), services, {.login_time = 15s});
    co_await connection.run();
    --running_;
  }
  Task<void> unmap(Lun lun) {
    static_cast<void>(co_await target->unmap(reactor.shard(), lun, Target::WhenActive::abort_tasks));
  }

  std::list<std::unique_ptr<WireInitiator>> initiators_;
  std::size_t running_ = 0;
};

}  // namespace tgt
