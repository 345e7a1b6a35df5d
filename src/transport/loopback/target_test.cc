// SPDX-License-Identifier: Apache-2.0
#include "core/target.h"

#include <gmock/gmock.h>

#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

constexpr Lun lun{0};
const std::string same_port = "iqn.2026-01.example:same";

class TargetTest : public testing::Test {
 protected:
  TargetTest() {
    for (LoopbackInitiator* initiator : {&alice_, &bob_}) world_.clear_attentions(*initiator, lun);
  }
  auto begin(LoopbackInitiator& initiator, std::uint64_t tag, TaskAttribute attribute = TaskAttribute::simple) {
    return world_.begin(initiator, {.cdb = read_10(), .attribute = attribute, .tag = tag});
  }
  auto unmap(Target::WhenActive when_active) {
    auto removal = start(world_.target->unmap(*world_.shards()[0], lun, when_active));
    world_.settle();
    return removal;
  }
  std::shared_ptr<Started<bool>> log_out(LoopbackInitiator& initiator) {
    auto ended = start([](LoopbackInitiator& of) -> Task<bool> {
      co_await of.logout();
      co_return true;
    }(initiator));
    world_.settle();
    return ended;
  }

  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun, {.holds = true});
  LoopbackInitiator& alice_ = world_.add_initiator(0);
  LoopbackInitiator& bob_ = world_.add_initiator(1);
};

TEST_F(TargetTest, AClosedNexusIsGoneOnlyWhenItsTasksHaveEnded) {
  const auto running = begin(alice_, 1);
  const auto dormant = begin(alice_, 2, TaskAttribute::ordered);
  const auto ended = log_out(alice_);
  EXPECT_TRUE(*dormant);
  EXPECT_FALSE(*ended);
  EXPECT_EQ(world_.target->nexuses().size(), 2u);
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE(*ended);
  EXPECT_FALSE((*running)->answered);
  EXPECT_EQ(world_.target->nexuses().size(), 1u);
  EXPECT_EQ(device_.nexuses_lost(), 1u);
  device_.behaviour().holds = false;
  EXPECT_EQ(world_.run(bob_, {.cdb = read_10()}).status, Status::good);
}

TEST_F(TargetTest, ANexusMayCloseWhileOneOfItsFunctionsWaits) {
  begin(alice_, 1);
  const auto abort = world_.begin_function(alice_, TaskManagementFunction::abort_task, lun, 1);
  const auto ended = log_out(alice_);
  EXPECT_FALSE(*ended);
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE(*abort && *ended);
}

TEST_F(TargetTest, ANexusMayCloseWhileAnothersResetWaitsForItsTasks) {
  device_.behaviour().reset_ends_held = false;
  begin(alice_, 1);
  const auto reset = world_.begin_function(bob_, TaskManagementFunction::logical_unit_reset, lun);
  const auto ended = log_out(alice_);
  EXPECT_FALSE(*ended || *reset);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*ended && *reset);
  EXPECT_EQ(**reset, TaskManagementResponse::function_complete);
}

TEST_F(TargetTest, ANexusClosesThoughItsEndedTaskAwaitsAnothersVerdict) {
  device_.behaviour().reset_ends_held = false;
  begin(alice_, 1);
  begin(bob_, 2);
  const auto reset = world_.begin_function(bob_, TaskManagementFunction::logical_unit_reset, lun);
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE(*reset) << "it waits for task 2";
  EXPECT_TRUE(*log_out(alice_));
}

TEST_F(TargetTest, ALoginOfTheSamePortIsKeptFromUnitsWhereTheEarlierSessionHasTasksAndFromNoOthers) {
  constexpr Lun other{1};
  FakeDevice& healthy = world_.add_unit(other);
  LoopbackInitiator& first = world_.add_initiator(0, same_port);
  world_.clear_attentions(first, lun);
  world_.clear_attentions(first, other);
  const auto running = begin(first, 1);
  const auto dormant = begin(first, 2, TaskAttribute::ordered);
  LoopbackInitiator& second = world_.add_initiator_only(1);
  const auto logged_in = start(second.login(world_.properties_for(same_port)));
  world_.settle();
  EXPECT_EQ(first.asked_to_end(), SessionEnd::reinstated);
  ASSERT_TRUE(*logged_in && **logged_in) << "it does not wait for the device";
  EXPECT_EQ(world_.run(second, {.lun = other, .cdb = test_unit_ready()}).sense, Sense::i_t_nexus_loss());
  EXPECT_EQ(world_.run(second, {.lun = other, .cdb = read_10()}).status, Status::good);
  for (const Cdb& cdb : {write_10(1), test_unit_ready(), inquiry()}) {
    EXPECT_EQ(world_.run(second, {.lun = lun, .cdb = cdb}).status, Status::busy);
  }
  EXPECT_EQ(world_.run(second, {.lun = lun, .cdb = report_luns(), .expected_data_in = 4096}).status, Status::good);
  EXPECT_EQ(healthy.nexuses_lost(), 1u);
  EXPECT_EQ(device_.nexuses_lost(), 0u);
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE((*running)->answered || (*dormant)->answered);
  EXPECT_EQ(device_.nexuses_lost(), 1u);
  device_.behaviour().holds = false;
  EXPECT_EQ(world_.run(second, {.cdb = test_unit_ready()}).sense, Sense::i_t_nexus_loss());
  EXPECT_EQ(world_.run(second, {.cdb = read_10()}).status, Status::good);
  EXPECT_FALSE(device_.is_held(2)) << "what had not begun never does";
}

TEST_F(TargetTest, OnlyAResetReachesAUnitThatIsKeptFromItsInitiator) {
  LoopbackInitiator& first = world_.add_initiator(0, same_port);
  world_.clear_attentions(first, lun);
  begin(first, 1);
  LoopbackInitiator& second = world_.add_initiator(1, same_port);
  const auto abort = world_.begin_function(second, TaskManagementFunction::abort_task_set, lun);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, TaskManagementResponse::function_rejected) << "the earlier tasks go on";
  const auto reset = world_.begin_function(second, TaskManagementFunction::logical_unit_reset, lun);
  ASSERT_TRUE(*reset);
  EXPECT_EQ(**reset, TaskManagementResponse::function_complete);
  EXPECT_EQ(world_.run(second, {.cdb = test_unit_ready()}).sense, Sense::i_t_nexus_loss());
}

// A session that is asked to end and does so when the test says.
class SlowSession final : public Session {
 public:
  void end(SessionEnd) override { ++asked; }
  unsigned asked = 0;
};

TEST_F(TargetTest, OfTheLoginsOfAPortTheNewestWins) {
  SlowSession session;
  const auto earlier = start(world_.target->open_nexus(*world_.shards()[0], session, world_.properties_for(same_port)));
  LoopbackInitiator& second = world_.add_initiator_only(1);
  const auto older = start(second.login(world_.properties_for(same_port)));
  world_.settle();
  EXPECT_FALSE(*older) << "the session has not ended yet";
  LoopbackInitiator& third = world_.add_initiator_only(0);
  const auto newer = start(third.login(world_.properties_for(same_port)));
  world_.settle();
  ASSERT_TRUE(*older);
  EXPECT_FALSE(**older) << "it holds nothing any more";
  EXPECT_FALSE(*newer);
  EXPECT_NE(session.asked, 0u);
  const std::shared_ptr<Nexus> nexus = **earlier->value;
  spawn(world_.target->close_nexus(nexus));
  world_.settle();
  ASSERT_TRUE(*newer);
  EXPECT_TRUE(**newer);
  EXPECT_FALSE(third.asked_to_end());
}

TEST_F(TargetTest, ALoginIsRefusedWhenTheEarlierSessionDoesNotEndInTime) {
  SlowSession session;
  const auto earlier = start(world_.target->open_nexus(*world_.shards()[0], session, world_.properties_for(same_port)));
  LoopbackInitiator& second = world_.add_initiator_only(1);
  const auto login = start(second.login(world_.properties_for(same_port)));
  world_.advance(9s);
  EXPECT_FALSE(*login);
  world_.advance(2s);
  ASSERT_TRUE(*login);
  EXPECT_FALSE(**login);
  const std::shared_ptr<Nexus> nexus = **earlier->value;
  spawn(world_.target->close_nexus(nexus));
  world_.settle();
}

TEST_F(TargetTest, AnOfflineOrRemovedTargetRefusesLogins) {
  LoopbackInitiator& carol = world_.add_initiator_only(0);
  world_.target->set_state(Target::State::offline);
  const auto offline = start(carol.login(world_.properties_for("")));
  world_.settle();
  EXPECT_FALSE(**offline);
  world_.target->set_state(Target::State::ready);
  world_.target->refuse_logins();
  const auto removed = start(carol.login(world_.properties_for("")));
  world_.settle();
  EXPECT_FALSE(**removed);
}

TEST_F(TargetTest, SessionsAreEndedOneByOneOrAllAtOnce) {
  EXPECT_FALSE(world_.target->end_session(4711, SessionEnd::administrator));
  const std::uint64_t id = alice_.nexus().properties().id;
  EXPECT_TRUE(world_.target->end_session(id, SessionEnd::administrator));
  world_.settle();
  EXPECT_EQ(alice_.asked_to_end(), SessionEnd::administrator);
  EXPECT_FALSE(bob_.asked_to_end());
  const auto none_left = start(world_.target->wait_until_no_nexus(*world_.shards()[0], 10s));
  world_.settle();
  EXPECT_FALSE(*none_left);
  world_.target->end_all_sessions(SessionEnd::target_removed);
  world_.settle();
  ASSERT_TRUE(*none_left);
  EXPECT_TRUE(**none_left);
}

TEST_F(TargetTest, WaitingForNexusesEndsInTime) {
  const auto none_left = start(world_.target->wait_until_no_nexus(*world_.shards()[0], 10s));
  world_.advance(11s);
  ASSERT_TRUE(*none_left);
  EXPECT_FALSE(**none_left);
}

TEST_F(TargetTest, AUnitWithTasksIsNotUnmappedUnlessForced) {
  const auto task = begin(bob_, 1);
  const auto refused = unmap(Target::WhenActive::refuse);
  ASSERT_TRUE(*refused);
  EXPECT_EQ(**refused, Target::Removal::active);
  EXPECT_FALSE(device_.closed());
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE((*task)->answered);
  EXPECT_EQ(alice_.nexus().itl(lun)->armed(), 0u) << "nothing has changed";
}

TEST_F(TargetTest, AnUnmappedUnitWaitsForItsTasksOnAllShardsAndIsThenClosed) {
  const auto a = begin(alice_, 1);
  const auto b = begin(bob_, 2);
  const auto dormant = begin(bob_, 3, TaskAttribute::ordered);
  std::weak_ptr<LogicalUnit> unit = world_.target->find(lun);
  const auto removal = unmap(Target::WhenActive::abort_tasks);
  EXPECT_FALSE(*removal);
  EXPECT_FALSE(device_.closed());
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).sense, Sense::logical_unit_not_supported());
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE(*removal);
  device_.behaviour().holds = false;
  FakeDevice& device = device_;
  device.complete(2);
  world_.settle();
  ASSERT_TRUE(*removal);
  EXPECT_EQ(**removal, Target::Removal::done);
  EXPECT_FALSE((*a)->answered || (*b)->answered || (*dormant)->answered);
  EXPECT_TRUE(unit.expired()) << "nobody holds it any more";
  world_.forget_device(device);
}

TEST_F(TargetTest, ANewUnitMayTakeTheLunOfAnUnmappedOneAtOnce) {
  device_.behaviour().holds = false;
  world_.forget_device(device_);
  const auto removal = unmap(Target::WhenActive::refuse);
  EXPECT_EQ(**removal, Target::Removal::done);
  world_.add_unit(lun);
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).sense, Sense::power_on_or_reset());
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).status, Status::good);
}

// Its initiator would wait for nothing, and recover by ending its session.
TEST_F(TargetTest, WhatArrivesWhileAnIdleUnitIsTakenAwayIsAnswered) {
  device_.behaviour().holds = false;
  auto removal = start(world_.target->unmap(*world_.shards()[0], lun, Target::WhenActive::refuse));
  ASSERT_FALSE(*removal) << "the other shard has not been asked yet";
  const auto a = start(alice_.execute({.cdb = test_unit_ready(), .tag = 1}));
  world_.reactor().shard(1).turn(std::nullopt);
  const auto b = start(bob_.execute({.cdb = test_unit_ready(), .tag = 2}));
  world_.forget_device(device_);
  world_.settle();
  ASSERT_TRUE(*removal);
  EXPECT_EQ(**removal, Target::Removal::done);
  for (const auto& reply : {a, b}) {
    ASSERT_TRUE(*reply);
    EXPECT_TRUE((*reply)->answered);
    EXPECT_EQ((*reply)->sense, Sense::logical_unit_not_supported());
  }
}

TEST(TargetReset, NoDeviceIsResetThatWasClosed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CoreWorld world(3, seed);
    FakeDevice& device = world.add_unit(lun, {});
    LoopbackInitiator& initiator = world.add_initiator(1);
    world.clear_attentions(initiator, lun);
    const auto unit = world.target->find(lun);  // the device stays to be asked
    start(initiator.manage(world.manager, TaskManagementFunction::logical_unit_reset, lun));
    start(world.target->unmap(*world.shards()[0], lun, Target::WhenActive::abort_tasks));
    world.forget_device(device);
    world.settle();
    EXPECT_TRUE(device.closed());
    EXPECT_FALSE(device.reset_after_close()) << "seed " << seed;
  }
}

TEST_F(TargetTest, AUnitAttentionThatRequestSenseHasNoMemoryForStaysPending) {
  world_.target->find(lun)->unit_attentions().establish(Sense::mode_parameters_changed());
  {
    std::vector<Buffer> all;
    for (const std::size_t size : {std::size_t{1} << 20, std::size_t{4096}, std::size_t{64}}) {
      for (Buffer one = alice_.nexus().buffers().allocate(size); one; one = alice_.nexus().buffers().allocate(size)) {
        all.push_back(std::move(one));
      }
    }
    EXPECT_EQ(world_.run(alice_, {.cdb = request_sense(), .expected_data_in = 252}).status, Status::busy);
  }
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).sense, Sense::mode_parameters_changed());
}

// A copy between other units may hold it for hours.
TEST_F(TargetTest, AnUnmappedUnitGivesItsStoreBackWhoeverHoldsIt) {
  class LentStore final : public StateStore {
   public:
    explicit LentStore(std::shared_ptr<int> lent) : lent_(std::move(lent)) {}
    Task<bool> save(Shard&, std::vector<std::uint8_t>) override { co_return true; }

   private:
    std::shared_ptr<int> lent_;
  };
  const auto lent = std::make_shared<int>();
  const std::shared_ptr<LogicalUnit> unit = world_.target->find(lun);
  unit->reservations().set_store(std::make_unique<LentStore>(lent));
  EXPECT_TRUE(unit->is_mapped());
  const auto task = begin(alice_, 1);
  const auto removal = unmap(Target::WhenActive::abort_tasks);
  EXPECT_FALSE(*removal);
  EXPECT_FALSE(unit->is_mapped());
  EXPECT_EQ(lent.use_count(), 2) << "a task runs";
  world_.forget_device(device_);
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE(*removal);
  EXPECT_EQ(lent.use_count(), 1);
}

TEST_F(TargetTest, WhatIsNotMappedIsNotFound) {
  const auto removal = start(world_.target->unmap(*world_.shards()[0], Lun{8}, Target::WhenActive::refuse));
  world_.settle();
  EXPECT_EQ(**removal, Target::Removal::not_found);
  EXPECT_FALSE(world_.target->map(lun, world_.target->find(lun))) << "the number is taken";
}

TEST_F(TargetTest, AUnitInTwoTargetsIsClosedWithTheLast) {
  Target second(2, "iqn.2026-01.example:second", "loopback", world_.shards());
  ASSERT_TRUE(second.map(Lun{3}, world_.target->find(lun)));
  const auto task = begin(alice_, 1);
  const auto first_removal = start(second.unmap(*world_.shards()[0], Lun{3}, Target::WhenActive::abort_tasks));
  world_.settle();
  EXPECT_EQ(**first_removal, Target::Removal::done);
  EXPECT_FALSE(device_.closed());
  EXPECT_FALSE(*task) << "it is of the other target";
}

TEST_F(TargetTest, AUnitIsNotClosedWhileItsDeviceIsBeingReset) {
  device_.behaviour().reset_takes = 40s;
  world_.forget_device(device_);
  const auto reset = world_.begin_function(alice_, TaskManagementFunction::logical_unit_reset, lun);
  const auto removal = unmap(Target::WhenActive::abort_tasks);
  world_.advance(30s);
  EXPECT_TRUE(*reset);
  EXPECT_FALSE(*removal);
  world_.advance(20s);
  ASSERT_TRUE(*removal);
  EXPECT_EQ(**removal, Target::Removal::done);
}

}  // namespace
}  // namespace tgt
