// SPDX-License-Identifier: Apache-2.0
#include "core/task_set.h"

#include <gmock/gmock.h>

#include <set>

#include "core/logical_unit.h"
#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

constexpr Lun lun{0};
using Happening = FakeDevice::Happening;

std::vector<std::uint64_t> begun(const FakeDevice& device) {
  std::vector<std::uint64_t> tags;
  for (const Happening& happening : device.history()) {
    if (happening.what == 'b') tags.push_back(happening.tag);
  }
  return tags;
}

class TaskSetTest : public testing::Test {
 protected:
  TaskSetTest() {
    for (LoopbackInitiator* initiator : {&alice_, &bob_}) world_.clear_attentions(*initiator, lun);
  }
  auto begin(LoopbackInitiator& initiator, std::uint64_t tag, TaskAttribute attribute = TaskAttribute::simple) {
    return world_.begin(initiator, {.cdb = read_10(), .attribute = attribute, .tag = tag});
  }
  // A write whose Data-Out the initiator does not send before give().
  auto begin_slow(LoopbackInitiator& initiator, std::uint64_t tag, const Cdb& cdb = write_10(8),
                  TaskAttribute attribute = TaskAttribute::simple) {
    return world_.begin(initiator, {.cdb = cdb,
                                    .data_out = std::vector<std::uint8_t>(8),
                                    .attribute = attribute,
                                    .tag = tag,
                                    .withhold_data_out = true});
  }
  void give(LoopbackInitiator& initiator, std::uint64_t tag) {
    initiator.give_data_out(tag);
    world_.settle();
  }
  void complete(std::uint64_t tag) {
    device_.complete(tag);
    world_.settle();
  }
  bool is_armed(LoopbackInitiator& initiator) { return initiator.nexus().itl(lun)->armed() != 0; }

  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun, {.task_limit = 8, .holds = true});
  LoopbackInitiator& alice_ = world_.add_initiator(0);
  LoopbackInitiator& bob_ = world_.add_initiator(1);
};

TEST_F(TaskSetTest, SimpleTasksOfAllShardsRunSideBySideAndLeaveTheUnitQuiet) {
  const auto a = begin(alice_, 1);
  const auto b = begin(bob_, 2);
  EXPECT_EQ(device_.held(), 2u);
  EXPECT_FALSE(is_armed(alice_));
  EXPECT_FALSE(is_armed(bob_));
  device_.complete_all();
  world_.settle();
  EXPECT_TRUE(*a && *b);
}

TEST_F(TaskSetTest, AnOrderedTaskWaitsForEarlierTasksOfAllShardsAndHoldsBackLaterOnes) {
  const auto before_a = begin(alice_, 1);
  const auto before_b = begin(bob_, 2);
  const auto ordered = begin(alice_, 3, TaskAttribute::ordered);
  const auto after = begin(bob_, 4);
  EXPECT_EQ(device_.held(), 2u);
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE(device_.is_held(3));
  device_.complete(2);
  world_.settle();
  EXPECT_TRUE(device_.is_held(3));
  EXPECT_FALSE(device_.is_held(4));
  device_.complete(3);
  world_.settle();
  EXPECT_TRUE(device_.is_held(4));
  device_.complete(4);
  world_.settle();
  EXPECT_TRUE(*after);
  EXPECT_FALSE(is_armed(alice_));
  EXPECT_FALSE(is_armed(bob_));
}

TEST_F(TaskSetTest, WhoFrozeItWaitsForTheTasksThatHaveBegunAndNoOthers) {
  const auto unit = world_.target->find(lun);
  const auto running = begin(alice_, 1);
  unit->task_set().freeze();
  const auto dormant = begin(bob_, 2);
  const auto idle = start(unit->wait_until_idle(world_.reactor().shard(0), 1s));
  world_.advance(500ms);
  EXPECT_FALSE(*idle);
  device_.complete(1);
  world_.advance(50ms);
  ASSERT_TRUE(*idle);
  EXPECT_TRUE(**idle);
  EXPECT_FALSE(device_.is_held(2));
  unit->task_set().thaw();
  world_.settle();
  EXPECT_TRUE(device_.is_held(2));
}

TEST_F(TaskSetTest, WhoFrozeItWaitsForABoundedTimeAlsoWhereDataIsYetToCome) {
  const auto unit = world_.target->find(lun);
  const auto write = start(alice_.execute(
      {.cdb = write_10(8), .data_out = std::vector<std::uint8_t>(8), .tag = 1, .withhold_data_out = true}));
  world_.settle();
  unit->task_set().freeze();
  const auto too_short = start(unit->wait_until_idle(world_.reactor().shard(0), 1s));
  world_.advance(2s);
  ASSERT_TRUE(*too_short);
  EXPECT_FALSE(**too_short) << "its checks were made before";
  alice_.give_data_out(1);
  world_.settle();
  const auto comes_back = start(unit->wait_until_idle(world_.reactor().shard(0), 1s));
  world_.advance(2s);
  ASSERT_TRUE(*comes_back);
  EXPECT_FALSE(**comes_back);
  unit->task_set().thaw();
  device_.complete_all();
  world_.settle();
  device_.complete_all();
  world_.settle();
  EXPECT_TRUE(*write);
}

TEST_F(TaskSetTest, OrderedTasksRunOneAfterTheOtherInTheOrderOfTheirArrival) {
  for (std::uint64_t tag = 1; tag <= 5; ++tag) {
    begin(tag % 2 == 0 ? alice_ : bob_, tag, TaskAttribute::ordered);
  }
  for (std::uint64_t tag = 1; tag <= 5; ++tag) {
    EXPECT_EQ(device_.held(), 1u);
    EXPECT_TRUE(device_.is_held(tag));
    device_.complete(tag);
    world_.settle();
  }
  EXPECT_THAT(begun(device_), testing::ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(TaskSetTest, HeadOfQueueOvertakesDormantTasks) {
  begin(alice_, 1);
  begin(alice_, 2, TaskAttribute::ordered);
  begin(bob_, 3);
  begin(bob_, 4, TaskAttribute::head_of_queue);
  EXPECT_TRUE(device_.is_held(4));
  EXPECT_FALSE(device_.is_held(2));
  EXPECT_FALSE(device_.is_held(3));
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE(device_.is_held(2)) << "an ordered task waits for HEAD OF QUEUE tasks, too";
  device_.complete(4);
  world_.settle();
  EXPECT_TRUE(device_.is_held(2));
}

TEST_F(TaskSetTest, ASimpleTaskWaitsForARunningHeadOfQueueTask) {
  begin(alice_, 1, TaskAttribute::head_of_queue);
  begin(bob_, 2);
  EXPECT_FALSE(device_.is_held(2));
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE(device_.is_held(2));
  device_.complete(2);
  world_.settle();
  EXPECT_FALSE(is_armed(bob_));
}

TEST_F(TaskSetTest, ATaskThatMustBeAloneIsNotEvenOvertakenByHeadOfQueue) {
  begin(bob_, 1);
  const auto exclusive = world_.begin(alice_, {.cdb = alone(), .tag = 2});
  EXPECT_FALSE(device_.is_held(2));
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE(device_.is_held(2));
  begin(bob_, 3, TaskAttribute::head_of_queue);
  EXPECT_FALSE(device_.is_held(3));
  device_.complete(2);
  world_.settle();
  EXPECT_TRUE(device_.is_held(3));
}

TEST_F(TaskSetTest, ATaskThatMustBeAloneDoesNotWaitForTheDataOfAnother) {
  for (LoopbackInitiator* slow : {&alice_, &bob_}) {
    const auto write = begin_slow(*slow, 1);
    const auto exclusive = world_.begin(alice_, {.cdb = alone(), .tag = 2});
    EXPECT_TRUE(device_.is_held(2)) << "whoever never sends its data would hold it up";
    give(*slow, 1);
    EXPECT_FALSE(device_.is_held(1)) << "not beside a task that is alone";
    complete(2);
    EXPECT_TRUE(device_.is_held(1));
    complete(1);
    EXPECT_TRUE(*write && *exclusive);
    EXPECT_FALSE(is_armed(alice_) || is_armed(bob_));
  }
}

TEST_F(TaskSetTest, ATaskThatMustBeAloneWaitsForThoseThatHaveTheirData) {
  begin_slow(bob_, 1);
  give(bob_, 1);
  EXPECT_TRUE(device_.is_held(1));
  const auto exclusive = world_.begin(alice_, {.cdb = alone(), .tag = 2});
  EXPECT_FALSE(device_.is_held(2));
  complete(1);
  EXPECT_TRUE(device_.is_held(2));
}

TEST_F(TaskSetTest, ATaskThatMustBeAloneHoldsUpNobodyWhileItWaitsForItsData) {
  begin_slow(alice_, 1, write_alone(8));
  begin(bob_, 2);
  EXPECT_TRUE(device_.is_held(2));
  give(alice_, 1);
  begin(bob_, 3);
  EXPECT_FALSE(device_.is_held(1)) << "beside another one";
  EXPECT_FALSE(device_.is_held(3)) << "what comes now waits its turn";
  complete(2);
  EXPECT_TRUE(device_.is_held(1));
  EXPECT_FALSE(device_.is_held(3));
  complete(1);
  EXPECT_TRUE(device_.is_held(3));
  complete(3);
  EXPECT_FALSE(is_armed(alice_) || is_armed(bob_));
}

TEST_F(TaskSetTest, AnOrderedTaskWaitsForTheDataOfEarlierOnes) {
  begin_slow(bob_, 1);
  begin_slow(alice_, 2, write_alone(8));
  begin(alice_, 3, TaskAttribute::ordered);
  begin(bob_, 4);
  EXPECT_EQ(device_.held(), 0u);
  give(bob_, 1);
  EXPECT_TRUE(device_.is_held(1));
  give(alice_, 2);
  EXPECT_FALSE(device_.is_held(2)) << "alone";
  complete(1);
  EXPECT_TRUE(device_.is_held(2));
  EXPECT_FALSE(device_.is_held(3));
  complete(2);
  EXPECT_TRUE(device_.is_held(3));
  EXPECT_FALSE(device_.is_held(4));
  complete(3);
  EXPECT_TRUE(device_.is_held(4));
}

TEST_F(TaskSetTest, AnOrderedTaskKeepsItsPlaceWhileItWaitsForItsData) {
  begin_slow(alice_, 1, write_10(8), TaskAttribute::ordered);
  begin(bob_, 2);
  EXPECT_FALSE(device_.is_held(2));
  give(alice_, 1);
  complete(1);
  EXPECT_TRUE(device_.is_held(2));
}

TEST_F(TaskSetTest, TasksThatGoInTurnKeepTheirOrderWhateverDataIsHereFirst) {
  begin_slow(alice_, 1, write_in_turn(8));
  const auto second = world_.begin(bob_, {.cdb = write_in_turn(8), .data_out = std::vector<std::uint8_t>(8), .tag = 2});
  EXPECT_EQ(device_.held(), 0u);
  give(alice_, 1);
  EXPECT_TRUE(device_.is_held(1));
  EXPECT_FALSE(device_.is_held(2));
  complete(1);
  complete(2);
  ASSERT_TRUE(*second);
  EXPECT_THAT(begun(device_), testing::ElementsAre(1, 2));
}

TEST_F(TaskSetTest, ATaskThatComesBackWithItsDataMayBeAborted) {
  const auto write = begin_slow(bob_, 1);
  begin(alice_, 2, TaskAttribute::head_of_queue);
  const auto exclusive = world_.begin(alice_, {.cdb = alone(), .tag = 3});
  complete(2);
  EXPECT_TRUE(device_.is_held(3));
  give(bob_, 1);
  const auto abort = world_.begin_function(bob_, TaskManagementFunction::abort_task, lun, 1);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, TaskManagementResponse::function_complete);
  EXPECT_FALSE((*write)->answered);
  complete(3);
  EXPECT_TRUE(*exclusive);
  EXPECT_THAT(begun(device_), testing::ElementsAre(2, 3));
  EXPECT_FALSE(is_armed(alice_) || is_armed(bob_));
}

TEST_F(TaskSetTest, ASecondDrainFindsThoseThatBeganToWaitBeforeIt) {
  begin(bob_, 1);
  const auto first = world_.begin(alice_, {.cdb = alone(), .tag = 2});
  const auto abort = world_.begin_function(alice_, TaskManagementFunction::abort_task, lun, 2);  // disarms the unit
  ASSERT_TRUE(*abort);
  begin_slow(bob_, 3);
  const auto second = world_.begin(alice_, {.cdb = alone(), .tag = 4});
  complete(1);
  EXPECT_TRUE(device_.is_held(4));
}

TEST_F(TaskSetTest, TheTaskBeyondTheLimitIsToldThatTheSetIsFull) {
  for (std::uint64_t tag = 1; tag <= 8; ++tag) begin(alice_, tag);
  EXPECT_EQ(device_.held(), 8u);
  const auto one_more = begin(alice_, 9);
  ASSERT_TRUE(*one_more);
  EXPECT_EQ((*one_more)->status, Status::task_set_full);
  const auto of_another = begin(bob_, 10);
  ASSERT_TRUE(*of_another);
  EXPECT_EQ((*of_another)->status, Status::busy) << "a nexus without a task there cannot wait for one of its own";
  device_.complete(1);
  world_.settle();
  begin(bob_, 11);
  EXPECT_TRUE(device_.is_held(11));
}

TEST_F(TaskSetTest, DormantTasksCountForTheLimit) {
  begin(alice_, 1);
  for (std::uint64_t tag = 2; tag <= 8; ++tag) begin(alice_, tag, TaskAttribute::ordered);
  EXPECT_EQ(device_.held(), 1u);
  const auto one_more = begin(alice_, 9);
  ASSERT_TRUE(*one_more);
  EXPECT_EQ((*one_more)->status, Status::task_set_full);
}

TEST_F(TaskSetTest, ANexusThatComesWhileTheUnitIsArmedIsHeldBackToo) {
  begin(alice_, 1, TaskAttribute::ordered);
  LoopbackInitiator& carol = world_.add_initiator(1);
  const auto late = world_.begin(carol, {.cdb = read_10(), .tag = 2});
  EXPECT_FALSE(*late);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->sense, Sense::power_on_or_reset());
}

// A history of begins and ends in which an ordered task overlaps another one, or has overtaken or been overtaken.
class OrderingSimulation : public testing::TestWithParam<int> {};

TEST_P(OrderingSimulation, OrderedTasksAreBarriersOnAllShards) {
  CoreWorld world(4, static_cast<std::uint64_t>(GetParam()));
  FakeDevice& device = world.add_unit(lun, {.task_limit = 1000, .takes = 100us});
  std::vector<LoopbackInitiator*> initiators;
  for (unsigned shard = 0; shard < 4; ++shard) {
    initiators.push_back(&world.add_initiator(shard));
    world.clear_attentions(*initiators.back(), lun);
  }
  std::vector<std::shared_ptr<Started<LoopbackReply>>> replies;
  auto& system = world.reactor().system();
  constexpr std::uint64_t ordered_tags = 1000;
  for (std::uint64_t tag = 0; tag < 120; ++tag) {
    const bool ordered = system.random(8) == 0;
    LoopbackInitiator& initiator = *initiators[system.random(4)];
    replies.push_back(start(initiator.execute({.cdb = read_10(),
                                               .attribute = ordered ? TaskAttribute::ordered : TaskAttribute::simple,
                                               .tag = tag + (ordered ? ordered_tags : 0)})));
    if (system.random(3) == 0) world.advance(30us);
  }
  world.advance(10s);
  for (const auto& reply : replies) ASSERT_TRUE(*reply);
  std::size_t running = 0;
  bool ordered_runs = false;
  for (const Happening& happening : device.history()) {
    const bool ordered = happening.tag >= ordered_tags;
    if (happening.what == 'b') {
      EXPECT_FALSE(ordered_runs) << "beside an ordered task";
      if (ordered) {
        EXPECT_EQ(running, 0u) << "an ordered task began beside others";
        for (const Happening& other : device.history()) {
          // Who arrived earlier has a smaller number, and must have begun by now.
          if (other == happening) break;
          if (other.what == 'b') {
            EXPECT_LT(other.tag % ordered_tags, happening.tag % ordered_tags);
          }
        }
      }
      ordered_runs = ordered;
      ++running;
    } else {
      --running;
      if (ordered) ordered_runs = false;
    }
  }
  for (LoopbackInitiator* initiator : initiators) EXPECT_EQ(initiator->nexus().itl(lun)->armed(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, OrderingSimulation, testing::Range(1, 11));

// Some tasks are ordered, some want to be alone, and of many the data comes late.
class DataSimulation : public testing::TestWithParam<int> {
 protected:
  static constexpr std::uint64_t ordered_tags = 1000;
  static constexpr std::uint64_t alone_tags = 2000;
  static std::uint64_t arrival(std::uint64_t tag) { return tag % ordered_tags; }

  LoopbackInitiator::Execution any_task(SimulatedSystem& system, std::uint64_t number) {
    const bool is_alone = system.random(5) == 0;
    const bool ordered = !is_alone && system.random(8) == 0;
    return {.cdb = is_alone ? write_alone(8) : write_10(8),
            .data_out = std::vector<std::uint8_t>(8),
            .attribute = ordered ? TaskAttribute::ordered : TaskAttribute::simple,
            .tag = number + (ordered    ? ordered_tags
                             : is_alone ? alone_tags
                                        : 0),
            .withhold_data_out = system.random(2) == 0};
  }
};

TEST_P(DataSimulation, NobodyRunsBesideATaskThatIsAloneAndOrderedOnesAreBarriers) {
  CoreWorld world(4, static_cast<std::uint64_t>(GetParam()));
  FakeDevice& device = world.add_unit(lun, {.task_limit = 1000, .takes = 100us});
  std::vector<LoopbackInitiator*> initiators;
  for (unsigned shard = 0; shard < 4; ++shard) {
    initiators.push_back(&world.add_initiator(shard));
    world.clear_attentions(*initiators.back(), lun);
  }
  std::vector<std::shared_ptr<Started<LoopbackReply>>> replies;
  std::vector<std::pair<LoopbackInitiator*, std::uint64_t>> withheld;
  auto& system = world.reactor().system();
  const auto give_one = [&] {
    if (withheld.empty()) return;
    const std::size_t which = system.random(withheld.size());
    withheld[which].first->give_data_out(withheld[which].second);
    withheld.erase(withheld.begin() + static_cast<std::ptrdiff_t>(which));
  };
  for (std::uint64_t number = 0; number < 200; ++number) {
    LoopbackInitiator& initiator = *initiators[system.random(4)];
    auto execution = any_task(system, number);
    if (execution.withhold_data_out) withheld.emplace_back(&initiator, execution.tag);
    replies.push_back(start(initiator.execute(std::move(execution))));
    if (system.random(3) == 0) world.advance(30us);
    if (system.random(3) == 0) give_one();
  }
  while (!withheld.empty()) {
    give_one();
    if (system.random(2) == 0) world.advance(50us);
  }
  world.advance(10s);
  for (const auto& reply : replies) {
    ASSERT_TRUE(*reply);
    EXPECT_EQ((*reply)->status, Status::good);
  }
  std::size_t running = 0;
  bool barrier_runs = false;
  std::set<std::uint64_t> begun_before;
  for (const Happening& happening : device.history()) {
    const bool barrier = happening.tag >= ordered_tags;
    if (happening.what == 'e') {
      --running;
      if (barrier) barrier_runs = false;
      continue;
    }
    EXPECT_FALSE(barrier_runs) << happening.tag << " began beside a task that is ordered or alone";
    if (barrier) {
      EXPECT_EQ(running, 0u) << happening.tag << " began beside others";
    }
    const bool ordered = barrier && happening.tag < alone_tags;
    const std::uint64_t mine = arrival(happening.tag);
    for (std::uint64_t earlier = 0; ordered && earlier < mine; ++earlier) EXPECT_TRUE(begun_before.contains(earlier));
    if (ordered) {
      EXPECT_EQ(begun_before.size(), mine) << "a later one overtook it";
    }
    begun_before.insert(mine);
    barrier_runs = barrier;
    ++running;
  }
  EXPECT_EQ(begun_before.size(), 200u);
  for (LoopbackInitiator* initiator : initiators) EXPECT_EQ(initiator->nexus().itl(lun)->armed(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DataSimulation, testing::Range(1, 41));

}  // namespace
}  // namespace tgt
