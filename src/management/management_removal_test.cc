// SPDX-License-Identifier: Apache-2.0
#include "management/management_fixture.h"

namespace tgt {
namespace {

using ::testing::HasSubstr;

TEST_F(ManagementTest, RemovingATargetClosesItsDevicesBeforeItAnswers) {
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  const auto held = targets_.find(1)->find(Lun{1});
  expect_done(management_.remove_target(1, Removal::when_idle));
  EXPECT_TRUE(factory_.opened[0]->closed());
  EXPECT_EQ(shown_targets(), "");
  expect_refused(ManagementErrorCode::no_target, management_.remove_target(1, Removal::forced));
}

TEST_F(ManagementTest, ADeviceThatDoesNotEndHoldsUpTheRemovalOfItsUnitForABoundedTimeOnly) {
  make_target(1);
  Event answered;
  factory_.close_waits_for = &answered;
  Management::Dependencies impatient = dependencies();
  impatient.patience.device = 0s;
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(management.remove_logical_unit(1, 1));
  while (targets_.find(1)->find(Lun{1})) reactor_.shard(0).turn(std::nullopt);
  expect_refused(ManagementErrorCode::no_logical_unit, management.remove_logical_unit(1, 1));
  answered.set();
}

TEST_F(ManagementTest, AFileIsNotUsedAgainWhileCommandsOfAUnitThatWasRemovedMayReachIt) {
  Event answered;
  factory_.close_waits_for = &answered;
  make_target(1);
  make_target(2);
  Management::Dependencies impatient = dependencies();
  impatient.patience = {.device = 0s, .tasks = 0s, .former_unit = 0s};
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(management.create_logical_unit(unit(2)));  // two that are there at once are the administrator's decision
  expect_done(management.remove_logical_unit(1, 1));
  for (const std::int32_t target : {1, 2}) {
    NewLogicalUnit again = unit(7);
    again.target_id = target;
    const auto refused = run(management.create_logical_unit(again));
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().detail, HasSubstr("target 1 LUN 1, still holds commands; try again"));
  }
  expect_done(management.create_logical_unit(unit(8, "/srv/other")));
  answered.set();
  expect_done(management.create_logical_unit(unit(7)));
}

TEST_F(ManagementTest, ATargetGoesNoEarlierThanTheUnitsThatWereTakenFromItBefore) {
  Event answered;
  factory_.close_waits_for = &answered;
  make_target(1);
  Management::Dependencies impatient = dependencies();
  impatient.patience.device = 50ms;
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(management.remove_logical_unit(1, 1));
  const auto removed = begin(management.remove_target(1, Removal::when_idle));
  EXPECT_FALSE(*removed);
  answered.set();
  while (!*removed) reactor_.shard(0).turn(std::nullopt);
  EXPECT_TRUE((*removed)->has_value());
  EXPECT_EQ(factory_.closed, 1u);
}

TEST_F(ManagementTest, TheEndOfTheDaemonWaitsForUnitsThatNobodyWaitsForAnyMore) {
  Event answered;
  factory_.close_waits_for = &answered;
  make_target(1);
  Management::Dependencies impatient = dependencies();
  impatient.patience.device = 0s;
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(management.remove_logical_unit(1, 1));
  std::optional<bool> all_has_ended;
  spawn([](Task<bool> end, std::optional<bool>& to) -> Task<void> { to = co_await std::move(end); }(
                                                        management.shut_down(), all_has_ended));
  for (int i = 0; i < 10; ++i) reactor_.shard(0).turn(reactor_.shard(0).now());
  EXPECT_FALSE(all_has_ended);
  answered.set();
  while (!all_has_ended) reactor_.shard(0).turn(std::nullopt);
  EXPECT_TRUE(*all_has_ended);
}

TEST_F(ManagementTest, AUnitWhoseDeviceComesTooLateIsNotMappedBehindTheAdministratorsBack) {
  Event opened;
  Event closed;
  closed.set();
  factory_.open_waits_for = &opened;
  factory_.close_waits_for = &closed;
  make_target(1);
  Management::Dependencies impatient = dependencies();
  impatient.patience.device = 0s;
  Management management(std::move(impatient));
  const auto refused = run(management.create_logical_unit(unit(1)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, HasSubstr("/srv/disk: does not answer"));
  opened.set();
  EXPECT_EQ(targets_.find(1)->find(Lun{1}), nullptr);
  EXPECT_EQ(factory_.closed, 1u);
  factory_.open_waits_for = nullptr;
  expect_done(management.create_logical_unit(unit(1)));
}

}  // namespace
}  // namespace tgt
