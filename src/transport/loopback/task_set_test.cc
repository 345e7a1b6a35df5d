// SPDX-License-Identifier: Apache-2.0
#include "core/task_set.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace tgt
