// SPDX-License-Identifier: Apache-2.0
#include "management/management.h"

#include "management/management_fixture.h"

namespace tgt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ManagementTest, ANewTargetIsReadyHasItsControllerAndAdmitsNobody) {
  make_target(1);
  const std::string shown = shown_targets();
  EXPECT_THAT(shown, HasSubstr("Target 1: iqn.2001-04.com.example:t1\n"));
  EXPECT_THAT(shown, HasSubstr("State: ready\n"));
  EXPECT_THAT(shown, HasSubstr("LUN: 0\n            Type: controller\n"));
  EXPECT_TRUE(shown.ends_with("    ACL information:\n"));
  EXPECT_FALSE(targets_.find(1)->access().admits(*Endpoint::parse("127.0.0.1", 1), "iqn.any"));
}

TEST_F(ManagementTest, ATargetIsKnownByItsNumberAndItsNameOnlyOnce) {
  make_target(1);
  expect_refused(ManagementErrorCode::target_exists, management_.create_target({.id = 1, .name = "iqn.other"}));
  expect_refused(ManagementErrorCode::target_exists,
                 management_.create_target({.id = 2, .name = "iqn.2001-04.com.example:t1"}));
  expect_refused(ManagementErrorCode::no_target, management_.show_target_parameters(9));
}

TEST_F(ManagementTest, RunningAdmitsEverybodyOnlyWhereNoRuleWasEverMade) {
  make_target(1);
  make_target(2);
  expect_done(management_.admit_initiators(2, {.text = "192.0.2.1"}));
  expect_done(management_.refuse_initiators(2, {.text = "192.0.2.1"}));
  for (const std::int32_t id : {1, 2}) expect_done(management_.set_target_state(id, TargetStateWord::running));
  const Endpoint from = *Endpoint::parse("198.51.100.7", 1);
  EXPECT_TRUE(targets_.find(1)->access().admits(from, "iqn.any"));
  EXPECT_FALSE(targets_.find(2)->access().admits(from, "iqn.any"));
}

TEST_F(ManagementTest, RawIoMakesLaterUnitsPassThroughAndLunZeroTakesTheControllersPlace) {
  make_target(1);
  expect_done(management_.set_device_access(1, DeviceAccess::passed_through));
  expect_done(management_.create_logical_unit(unit(0, "/dev/sda")));
  EXPECT_EQ(factory_.last.kind, LogicalUnitKind::passthrough);
  EXPECT_EQ(factory_.last.store_type, "sg");
  EXPECT_EQ(factory_.last.path, "/dev/sda");
  EXPECT_THAT(shown_targets(), Not(HasSubstr("controller")));
  expect_refused(ManagementErrorCode::logical_unit_exists, management_.create_logical_unit(unit(0, "/dev/sdb")));
  expect_done(management_.remove_logical_unit(1, 0));
  EXPECT_THAT(shown_targets(), HasSubstr("controller"));
}

TEST_F(ManagementTest, AnEmulatedUnitDoesNotTakeTheControllersPlace) {
  make_target(1);
  expect_refused(ManagementErrorCode::logical_unit_exists, management_.create_logical_unit(unit(0)));
  expect_refused(ManagementErrorCode::invalid_request, management_.remove_logical_unit(1, 0));
}

TEST_F(ManagementTest, AUnitThatCannotBeOpenedLeavesItsNumberFree) {
  make_target(1);
  const auto refused = run(management_.create_logical_unit(unit(1, "/missing")));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error(), invalid_request("/missing: no such file"));
  expect_done(management_.create_logical_unit(unit(1)));
  expect_refused(ManagementErrorCode::logical_unit_exists, management_.create_logical_unit(unit(1)));
  expect_refused(ManagementErrorCode::invalid_request, management_.create_logical_unit(unit(16384)));
}

TEST_F(ManagementTest, TheSystemStopsOnlyWithoutTargets) {
  make_target(1);
  expect_refused(ManagementErrorCode::invalid_request, management_.stop_system());
  EXPECT_EQ(stops_, 0);
  expect_done(management_.remove_target(1, Removal::when_idle));
  expect_done(management_.stop_system());
  EXPECT_EQ(stops_, 1);
}

TEST_F(ManagementTest, ShowsWhetherMoreIsLogged) {
  const auto logger = std::make_shared<spdlog::logger>("test");
  logger->set_level(spdlog::level::debug);
  Management::Dependencies with = dependencies();
  with.log = Log(logger);
  Management management(std::move(with));
  EXPECT_THAT(*run(management.show_system()), HasSubstr("debug: on"));
  expect_done(management.set_debug(false));
  EXPECT_THAT(*run(management.show_system()), HasSubstr("debug: off"));
}

TEST_F(ManagementTest, APortalInUseIsRefusedAndAPortalCanGoAgain) {
  expect_done(management_.create_portal("127.0.0.1:0@203.0.113.9:3260"));
  const std::string at = iscsi_.portals().front().at.text();
  EXPECT_EQ(*run(management_.show_portals()), "Portal: " + at + ",1\n");
  expect_refused(ManagementErrorCode::invalid_request, management_.create_portal(at));
  expect_refused(ManagementErrorCode::invalid_request, management_.create_portal("nowhere"));
  expect_done(management_.remove_portal(at));
  expect_refused(ManagementErrorCode::invalid_request, management_.remove_portal(at));
}

TEST_F(ManagementTest, AnAccountIsNotTakenWhileNothingWouldAskForIt) {
  expect_refused(ManagementErrorCode::unsupported_operation, management_.create_account("user", "secret"));
  expect_refused(ManagementErrorCode::no_account, management_.bind_account({.user = "user"}));
  EXPECT_EQ(*run(management_.show_accounts()), "");
}

TEST_F(ManagementTest, SessionsThatAreNotThereCannotBeClosed) {
  make_target(1);
  expect_refused(ManagementErrorCode::no_session, management_.close_connection({.session_id = 7}));
}

}  // namespace
}  // namespace tgt
