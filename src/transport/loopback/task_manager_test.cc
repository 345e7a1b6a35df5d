// SPDX-License-Identifier: Apache-2.0
#include "core/task_manager.h"

#include <gmock/gmock.h>

#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

using Function = TaskManagementFunction;
using Response = TaskManagementResponse;
constexpr Lun lun{0};
constexpr Lun other_lun{1};

class TaskManagerTest : public testing::Test {
 protected:
  TaskManagerTest() {
    for (LoopbackInitiator* initiator : {&alice_, &bob_}) {
      world_.clear_attentions(*initiator, lun);
      world_.clear_attentions(*initiator, other_lun);
    }
  }
  auto begin(LoopbackInitiator& initiator, std::uint64_t tag, TaskAttribute attribute = TaskAttribute::simple) {
    return world_.begin(initiator, {.cdb = read_10(), .attribute = attribute, .tag = tag});
  }
  auto manage(LoopbackInitiator& initiator, Function function, std::uint64_t tag = 0) {
    return world_.begin_function(initiator, function, lun, tag);
  }
  std::optional<Sense> sense_of_next(LoopbackInitiator& initiator, Lun of = lun) {
    return world_.run(initiator, {.lun = of, .cdb = test_unit_ready()}).sense;
  }

  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun, {.holds = true, .reset_ends_held = true});
  FakeDevice& other_ = world_.add_unit(other_lun, {.holds = true, .reset_ends_held = true});
  LoopbackInitiator& alice_ = world_.add_initiator(0);
  LoopbackInitiator& bob_ = world_.add_initiator(1);
};

TEST_F(TaskManagerTest, AbortTaskOfARunningTaskIsAnsweredOnlyAfterItHasEnded) {
  const auto task = begin(alice_, 1);
  const auto abort = manage(alice_, Function::abort_task, 1);
  world_.advance(9s);
  EXPECT_FALSE(*abort);
  EXPECT_EQ(device_.history().back().what, 'a') << "the device was told";
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, Response::function_complete);
  ASSERT_TRUE(*task);
  EXPECT_FALSE((*task)->answered);
}

TEST_F(TaskManagerTest, AbortTaskThatDoesNotEndInTimeIsRejectedAndTheTaskIsAnsweredLater) {
  const auto task = begin(alice_, 1);
  const auto abort = manage(alice_, Function::abort_task, 1);
  world_.advance(11s);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, Response::function_rejected);
  EXPECT_FALSE(*task);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*task);
  EXPECT_TRUE((*task)->answered);
  EXPECT_EQ((*task)->status, Status::good);
}

TEST_F(TaskManagerTest, AbortTaskOfADormantTaskDropsItAtOnce) {
  begin(alice_, 1);
  const auto dormant = begin(alice_, 2, TaskAttribute::ordered);
  const auto behind = begin(bob_, 3);
  EXPECT_FALSE(device_.is_held(3));
  const auto abort = manage(alice_, Function::abort_task, 2);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, Response::function_complete);
  EXPECT_FALSE((*dormant)->answered);
  EXPECT_TRUE(device_.is_held(3)) << "who stood behind it may run now";
}

TEST_F(TaskManagerTest, AbortTaskOfATaskThatWaitsForDataOutEndsTheWait) {
  const auto task = world_.begin(
      alice_, {.cdb = write_10(8), .data_out = std::vector<std::uint8_t>(8), .tag = 1, .withhold_data_out = true});
  EXPECT_FALSE(*task);
  const auto abort = manage(alice_, Function::abort_task, 1);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, Response::function_complete);
  EXPECT_FALSE((*task)->answered);
  EXPECT_EQ(device_.held(), 0u) << "nothing was written";
}

TEST_F(TaskManagerTest, ADeviceThatHeedsTheHintEndsTheTaskEarly) {
  device_.behaviour().heeds_abort = true;
  begin(alice_, 1);
  const auto abort = manage(alice_, Function::abort_task, 1);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, Response::function_complete);
}

TEST_F(TaskManagerTest, ATaskAbortedTwiceEndsOnceAndBothFunctionsAreAnswered) {
  const auto task = begin(alice_, 1);
  const auto first = manage(alice_, Function::abort_task, 1);
  const auto second = manage(alice_, Function::abort_task_set);
  EXPECT_FALSE(*first || *second);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*first && *second);
  EXPECT_EQ(**first, Response::function_complete);
  EXPECT_EQ(**second, Response::function_complete);
  ASSERT_TRUE(*task);
  EXPECT_FALSE((*task)->answered);
}

TEST_F(TaskManagerTest, AResetSucceedsAfterAnAbortOfTheSameTaskWasRejected) {
  device_.behaviour().reset_ends_held = true;
  const auto task = begin(alice_, 1);
  const auto abort = manage(alice_, Function::abort_task, 1);
  world_.advance(11s);
  EXPECT_EQ(**abort, Response::function_rejected);
  const auto reset = manage(alice_, Function::logical_unit_reset);
  ASSERT_TRUE(*reset);
  EXPECT_EQ(**reset, Response::function_complete);
  ASSERT_TRUE(*task);
  EXPECT_FALSE((*task)->answered);
}

TEST_F(TaskManagerTest, AnUnknownTaskDoesNotExist) {
  EXPECT_EQ(**manage(alice_, Function::abort_task, 99), Response::task_does_not_exist);
  begin(bob_, 99);
  EXPECT_EQ(**manage(alice_, Function::abort_task, 99), Response::task_does_not_exist) << "it is another nexus's";
  EXPECT_EQ(**manage(alice_, Function::query_task, 99), Response::task_does_not_exist);
  EXPECT_EQ(**manage(bob_, Function::query_task, 99), Response::function_succeeded);
}

TEST_F(TaskManagerTest, AnUnknownLunIsIncorrect) {
  for (const Function function : {Function::abort_task, Function::abort_task_set, Function::clear_task_set,
                                  Function::logical_unit_reset, Function::query_task, Function::query_task_set}) {
    EXPECT_EQ(**world_.begin_function(alice_, function, Lun{77}), Response::incorrect_logical_unit_number);
  }
}

TEST_F(TaskManagerTest, WhatWeDoNotHaveIsAnsweredAsTheRfcSays) {
  EXPECT_EQ(**manage(alice_, Function::clear_aca), Response::function_not_supported);
  EXPECT_EQ(**manage(alice_, Function::task_reassign, 1), Response::reassignment_not_supported);
}

TEST_F(TaskManagerTest, QueriesTellWhatIsThere) {
  EXPECT_EQ(**manage(alice_, Function::query_task_set), Response::function_complete);
  EXPECT_EQ(**manage(alice_, Function::query_asynchronous_event), Response::function_complete);
  begin(alice_, 1);
  alice_.nexus().itl(lun)->unit().unit_attentions().establish(Sense::capacity_data_changed());
  EXPECT_EQ(**manage(alice_, Function::query_task_set), Response::function_succeeded);
  EXPECT_EQ(**manage(alice_, Function::query_asynchronous_event), Response::function_succeeded);
  EXPECT_EQ(sense_of_next(alice_), Sense::capacity_data_changed()) << "a query does not clear it";
}

TEST_F(TaskManagerTest, AbortTaskSetEndsTheTasksOfThisNexusOnly) {
  const auto a = begin(alice_, 1);
  const auto b = begin(bob_, 2);
  const auto abort = manage(alice_, Function::abort_task_set);
  EXPECT_FALSE(*abort);
  device_.complete_all();
  world_.settle();
  EXPECT_EQ(**abort, Response::function_complete);
  EXPECT_FALSE((*a)->answered);
  EXPECT_TRUE((*b)->answered);
}

TEST_F(TaskManagerTest, ARejectedAbortTaskSetAnswersEveryTask) {
  const auto ends = begin(alice_, 1);
  const auto stays = begin(alice_, 2);
  const auto dormant = begin(alice_, 3, TaskAttribute::ordered);
  const auto abort = manage(alice_, Function::abort_task_set);
  device_.complete(1);
  world_.settle();
  EXPECT_FALSE(*ends) << "kept back until the verdict";
  world_.advance(11s);
  EXPECT_EQ(**abort, Response::function_rejected);
  ASSERT_TRUE(*ends && *dormant);
  EXPECT_EQ((*ends)->status, Status::good);
  EXPECT_EQ((*dormant)->sense, Sense::aborted_command()) << "it had been dropped already";
  device_.complete(2);
  world_.settle();
  EXPECT_EQ((*stays)->status, Status::good);
}

TEST_F(TaskManagerTest, ClearTaskSetEndsEverybodysTasksAndTellsTheOthers) {
  const auto a = begin(alice_, 1);
  const auto b = begin(bob_, 2);
  const auto clear = manage(alice_, Function::clear_task_set);
  EXPECT_FALSE(*clear);
  device_.complete_all();
  world_.settle();
  EXPECT_EQ(**clear, Response::function_complete);
  EXPECT_FALSE((*a)->answered);
  EXPECT_FALSE((*b)->answered);
  EXPECT_EQ(sense_of_next(bob_), Sense::commands_cleared_by_another_initiator());
  EXPECT_EQ(sense_of_next(alice_), std::nullopt);
}

TEST_F(TaskManagerTest, ClearTaskSetTellsNobodyWhoLostNothing) {
  const auto a = begin(alice_, 1);
  const auto clear = manage(alice_, Function::clear_task_set);
  device_.complete_all();
  world_.settle();
  EXPECT_EQ(**clear, Response::function_complete);
  EXPECT_EQ(sense_of_next(bob_), std::nullopt);
}

TEST_F(TaskManagerTest, LogicalUnitResetEndsAllTasksAndTellsEveryNexus) {
  const auto a = begin(alice_, 1);
  const auto b = begin(bob_, 2);
  const auto reset = manage(alice_, Function::logical_unit_reset);
  ASSERT_TRUE(*reset);
  EXPECT_EQ(**reset, Response::function_complete);
  EXPECT_FALSE((*a)->answered);
  EXPECT_FALSE((*b)->answered);
  EXPECT_EQ(device_.resets(), 1u);
  EXPECT_EQ(other_.resets(), 0u);
  EXPECT_EQ(sense_of_next(alice_), Sense::bus_device_reset());
  EXPECT_EQ(sense_of_next(alice_), std::nullopt);
  EXPECT_EQ(sense_of_next(bob_), Sense::bus_device_reset());
  EXPECT_EQ(alice_.nexus().itl(lun)->armed(), 0u);
}

TEST_F(TaskManagerTest, AResetTakesThePlaceOfWhatWasPending) {
  auto& attentions = alice_.nexus().itl(lun)->unit().unit_attentions();
  attentions.establish(Sense::capacity_data_changed());
  attentions.establish(Sense::mode_parameters_changed());
  manage(alice_, Function::logical_unit_reset);
  EXPECT_EQ(sense_of_next(alice_), Sense::bus_device_reset());
  EXPECT_EQ(sense_of_next(alice_), std::nullopt);
}

TEST_F(TaskManagerTest, NoTaskIsEnabledDuringAResetAndTheyRunAfterIt) {
  device_.behaviour().reset_takes = 2s;
  const auto reset = manage(alice_, Function::logical_unit_reset);
  const auto newcomer = begin(bob_, 5);
  EXPECT_FALSE(*reset || *newcomer);
  world_.advance(3s);
  EXPECT_EQ(**reset, Response::function_complete);
  ASSERT_TRUE(*newcomer);
  EXPECT_EQ((*newcomer)->sense, Sense::bus_device_reset());
}

TEST_F(TaskManagerTest, AResetThatTheDeviceRefusesIsRejectedAndItsTasksGoOn) {
  device_.behaviour().reset = ResetOutcome::failed;
  device_.behaviour().reset_ends_held = false;
  const auto task = begin(alice_, 1);
  const auto reset = manage(bob_, Function::logical_unit_reset);
  world_.advance(26s);
  ASSERT_TRUE(*reset);
  EXPECT_EQ(**reset, Response::function_rejected);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*task);
  EXPECT_TRUE((*task)->answered);
  EXPECT_EQ(sense_of_next(alice_), std::nullopt) << "there was no reset";
}

TEST_F(TaskManagerTest, AResetWhoseTasksDoNotComeBackIsRejectedAndTheyAreAnsweredLater) {
  device_.behaviour().reset_ends_held = false;
  const auto task = begin(bob_, 1);
  const auto reset = manage(alice_, Function::logical_unit_reset);
  world_.advance(24s);
  EXPECT_FALSE(*reset);
  world_.advance(2s);
  EXPECT_EQ(**reset, Response::function_rejected);
  device_.complete(1);
  world_.settle();
  EXPECT_TRUE((*task)->answered);
  EXPECT_EQ(sense_of_next(bob_), Sense::bus_device_reset()) << "the device was reset all the same";
}

TEST_F(TaskManagerTest, AResetThatHangsInTheDeviceIsRejectedInTimeAndTheUnitServesAgainWhenItEnds) {
  device_.behaviour().reset_takes = 100s;
  const auto reset = manage(alice_, Function::logical_unit_reset);
  world_.advance(26s);
  EXPECT_EQ(**reset, Response::function_rejected);
  const auto task = begin(alice_, 1);
  EXPECT_FALSE(*task) << "no task reaches a device that is being reset";
  world_.advance(100s);
  ASSERT_TRUE(*task);
  EXPECT_EQ((*task)->sense, Sense::bus_device_reset());
}

TEST_F(TaskManagerTest, TwoInitiatorsMayResetAtTheSameTime) {
  device_.behaviour().reset_takes = 1s;
  const auto task = begin(alice_, 1);
  const auto a = manage(alice_, Function::logical_unit_reset);
  const auto b = manage(bob_, Function::logical_unit_reset);
  world_.advance(3s);
  EXPECT_EQ(**a, Response::function_complete);
  EXPECT_EQ(**b, Response::function_complete);
  EXPECT_FALSE((*task)->answered);
  EXPECT_EQ(sense_of_next(alice_), Sense::bus_device_reset());
}

TEST_F(TaskManagerTest, TargetWarmResetReachesEveryUnit) {
  const auto here = begin(alice_, 1);
  const auto there = world_.begin(bob_, {.lun = other_lun, .cdb = read_10(), .tag = 2});
  const auto reset = manage(alice_, Function::target_warm_reset);
  ASSERT_TRUE(*reset);
  EXPECT_EQ(**reset, Response::function_complete);
  EXPECT_FALSE((*here)->answered);
  EXPECT_FALSE((*there)->answered);
  EXPECT_EQ(device_.resets(), 1u);
  EXPECT_EQ(other_.resets(), 1u);
  EXPECT_EQ(sense_of_next(alice_, other_lun), Sense::scsi_bus_reset());
  EXPECT_FALSE(bob_.asked_to_end());
}

TEST_F(TaskManagerTest, TargetColdResetAsksTheOtherSessionsToEnd) {
  EXPECT_EQ(**manage(alice_, Function::target_cold_reset), Response::function_complete);
  EXPECT_EQ(bob_.asked_to_end(), SessionEnd::target_reset);
  EXPECT_FALSE(alice_.asked_to_end()) << "the transport ends it, after the response";
}

TEST_F(TaskManagerTest, ATargetResetIsRejectedWhenOneUnitIsNotReset) {
  other_.behaviour().reset = ResetOutcome::failed;
  EXPECT_EQ(**manage(alice_, Function::target_warm_reset), Response::function_rejected);
}

TEST_F(TaskManagerTest, NexusResetEndsItsTasksOnEveryUnit) {
  const auto here = begin(alice_, 1);
  const auto there = world_.begin(alice_, {.lun = other_lun, .cdb = read_10(), .tag = 2});
  const auto of_bob = begin(bob_, 3);
  const auto reset = manage(alice_, Function::i_t_nexus_reset);
  EXPECT_FALSE(*reset);
  device_.complete_all();
  other_.complete_all();
  world_.settle();
  EXPECT_EQ(**reset, Response::function_complete);
  EXPECT_FALSE((*here)->answered);
  EXPECT_FALSE((*there)->answered);
  EXPECT_TRUE((*of_bob)->answered);
  EXPECT_EQ(sense_of_next(alice_), Sense::i_t_nexus_loss());
  EXPECT_EQ(sense_of_next(alice_, other_lun), Sense::i_t_nexus_loss());
  EXPECT_EQ(sense_of_next(bob_), std::nullopt);
  EXPECT_EQ(device_.nexuses_lost(), 1u);
}

}  // namespace
}  // namespace tgt
