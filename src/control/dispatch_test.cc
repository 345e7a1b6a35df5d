// SPDX-License-Identifier: Apache-2.0
#include "control/dispatch.h"

#include <gtest/gtest.h>

#include <optional>

#include "control/fake_management_service.h"

namespace tgt {
namespace {

using Mode = ManagementMode;
using Operation = ManagementOperation;

Task<void> keep(Task<ManagementResult> task, std::optional<ManagementResult>& into) {
  into.emplace(co_await std::move(task));
}

struct Outcome {
  std::vector<std::string> calls;
  ManagementResult result;
};

Outcome dispatch(const ManagementRequest& request, ManagementResult answer = std::string()) {
  FakeManagementService service;
  service.answer = std::move(answer);
  std::optional<ManagementResult> result;
  spawn(keep(dispatch_request(request, service), result));
  return {service.calls, *result};
}

using Calls = std::vector<std::string>;

Calls calls(const ManagementRequest& request) { return dispatch(request).calls; }

// The code of a refusal that never reached the service.
std::optional<ManagementErrorCode> refusal(const ManagementRequest& request) {
  const Outcome outcome = dispatch(request);
  EXPECT_EQ(outcome.calls, Calls{});
  if (outcome.result) return std::nullopt;
  EXPECT_NE(outcome.result.error().detail, "");
  return outcome.result.error().code;
}

constexpr auto invalid = ManagementErrorCode::invalid_request;

ManagementRequest target(Operation operation, std::string text = {}) {
  return {.mode = Mode::target, .operation = operation, .target_id = 1, .text = std::move(text)};
}

ManagementRequest unit(Operation operation, std::string text = {}) {
  return {.mode = Mode::logical_unit,
          .operation = operation,
          .target_id = 1,
          .logical_unit_number = 2,
          .text = std::move(text)};
}

ManagementRequest other(Mode mode, Operation operation, std::string text = {}) {
  return {.mode = mode, .operation = operation, .text = std::move(text)};
}

TEST(Dispatch, RefusesADriverThatIsUnknownWhateverTheMode) {
  for (std::uint32_t mode = 0; mode < management_mode_count; ++mode) {
    EXPECT_EQ(refusal({.mode = static_cast<Mode>(mode), .driver = "nosuch"}), ManagementErrorCode::no_driver) << mode;
  }
}

TEST(Dispatch, HandsOnTheAnswerOfTheService) {
  EXPECT_EQ(dispatch(target(Operation::show), "some text").result, "some text");
  const ManagementError busy{ManagementErrorCode::target_active, "two sessions"};
  EXPECT_EQ(dispatch(target(Operation::remove), failure(busy)).result.error(), busy);
}

TEST(Dispatch, CreatesTargets) {
  EXPECT_EQ(calls(target(Operation::create, "targetname=iqn.2001-04.com.Example:t-1")),
            Calls{"create_target 1 iqn.2001-04.com.Example:t-1 emulated"});
  EXPECT_EQ(calls(target(Operation::create, "targetname=iqn.x,iotype=rawio")),
            Calls{"create_target 1 iqn.x passed through"});
}

TEST(Dispatch, RefusesTargetsWithoutAProperNameOrNumber) {
  for (const std::string& name : {std::string(), std::string("iqn.a_b"), std::string("iqn a"), std::string("a,b"),
                                  std::string("a/b"), std::string("\xc3\xa4"), std::string(224, 'x')}) {
    EXPECT_EQ(refusal(target(Operation::create, "targetname=" + name)), invalid) << name;
  }
  EXPECT_EQ(refusal(target(Operation::create)), invalid);
  EXPECT_EQ(refusal(target(Operation::create, "targetname=iqn.x,iotype=zip")), invalid);
  ManagementRequest zero = target(Operation::create, "targetname=iqn.x");
  zero.target_id = 0;
  EXPECT_EQ(refusal(zero), invalid);
}

TEST(Dispatch, RemovesAndShowsTargets) {
  EXPECT_EQ(calls(target(Operation::remove)), Calls{"remove_target 1"});
  ManagementRequest forced = target(Operation::remove);
  forced.force = true;
  EXPECT_EQ(calls(forced), Calls{"remove_target 1 forced"});
  EXPECT_EQ(calls(target(Operation::show)), Calls{"show_target 1"});
  EXPECT_EQ(calls(other(Mode::target, Operation::show)), Calls{"show_targets"});
  EXPECT_EQ(calls(target(Operation::stat)), Calls{"stat_target 1"});
}

TEST(Dispatch, NeedsATargetNumberForAllButTheList) {
  for (const Operation operation :
       {Operation::create, Operation::remove, Operation::update, Operation::bind, Operation::unbind, Operation::stat}) {
    EXPECT_EQ(refusal(other(Mode::target, operation)), ManagementErrorCode::no_target);
  }
  EXPECT_EQ(refusal(other(Mode::logical_unit, Operation::stat)), ManagementErrorCode::no_target);
  EXPECT_EQ(refusal(other(Mode::connection, Operation::show)), ManagementErrorCode::no_target);
}

TEST(Dispatch, KnowsTheStatesOfATargetByTheirWordsOfTodayAndOf2006) {
  EXPECT_EQ(calls(target(Operation::update, "state=ready")), Calls{"state 1 ready"});
  EXPECT_EQ(calls(target(Operation::update, "state=running")), Calls{"state 1 running"});
  EXPECT_EQ(calls(target(Operation::update, "state=offline")), Calls{"state 1 offline"});
  EXPECT_EQ(calls(target(Operation::update, "state=suspended")), Calls{"state 1 offline"});
  EXPECT_EQ(refusal(target(Operation::update, "state=bogus")), invalid);
}

TEST(Dispatch, SetsTheAccessToDevices) {
  EXPECT_EQ(calls(target(Operation::update, "iotype=rawio")), Calls{"access 1 passed through"});
  EXPECT_EQ(calls(target(Operation::update, "iotype=fileio")), Calls{"access 1 emulated"});
  EXPECT_EQ(refusal(target(Operation::update, "iotype=bogus")), invalid);
}

TEST(Dispatch, HandsOnOtherParametersOfATargetWhole) {
  EXPECT_EQ(calls(target(Operation::update, "HeaderDigest=CRC32C,None")),
            Calls{"update_target 1 HeaderDigest=CRC32C,None"});
  EXPECT_EQ(refusal(target(Operation::update, "HeaderDigest")), invalid);
  EXPECT_EQ(refusal(target(Operation::update)), invalid);
}

TEST(Dispatch, BindsAddressesNamesAndHosts) {
  EXPECT_EQ(calls(target(Operation::bind, "initiator-address=ALL")), Calls{"admit 1 address ALL"});
  EXPECT_EQ(calls(target(Operation::unbind, "initiator-name=iqn.i")), Calls{"refuse 1 name iqn.i"});
  EXPECT_EQ(calls(target(Operation::bind, "initiator-address=10.0.0.1,initiator-name=iqn.i")),
            (Calls{"admit 1 address 10.0.0.1", "admit 1 name iqn.i"}));
  ManagementRequest host = target(Operation::bind);
  host.host_number = 3;
  EXPECT_EQ(calls(host), Calls{"admit 1 host 3"});
  EXPECT_EQ(refusal(target(Operation::bind)), invalid);
  EXPECT_EQ(refusal(target(Operation::bind, "initiator-address=")), invalid);
}

TEST(Dispatch, StopsAtTheFirstRuleThatIsRefused) {
  const Outcome outcome = dispatch(target(Operation::bind, "initiator-address=10.0.0.1,initiator-name=iqn.i"),
                                   failure(ManagementError{ManagementErrorCode::access_rule_exists, {}}));
  EXPECT_EQ(outcome.calls, Calls{"admit 1 address 10.0.0.1"});
  EXPECT_EQ(outcome.result.error().code, ManagementErrorCode::access_rule_exists);
}

TEST(Dispatch, CreatesLogicalUnits) {
  EXPECT_EQ(calls(unit(Operation::create, "path=/a,b.img,bstype=rdwr,bsopts=q,bsoflags=sync:direct,blocksize=4096")),
            Calls{"create_unit 1:2 kind 0 path /a,b.img store rdwr options 'q' sync direct block 4096"});
  EXPECT_EQ(calls(unit(Operation::create, "path=/a,blocksize=4K")),
            Calls{"create_unit 1:2 kind 0 path /a store none options '' block 4096"});
  EXPECT_EQ(calls(unit(Operation::create)), Calls{"create_unit 1:2 kind 0 path none store none options '' block 0"});
  ManagementRequest passthrough = unit(Operation::create, "path=/dev/sda,bstype=sg");
  passthrough.device_type = 0xff;
  EXPECT_EQ(calls(passthrough), Calls{"create_unit 1:2 kind 255 path /dev/sda store sg options '' block 0"});
}

TEST(Dispatch, RefusesLogicalUnitsThatCannotBe) {
  EXPECT_EQ(refusal(unit(Operation::create, "path=")), invalid);
  EXPECT_EQ(refusal(unit(Operation::create, "path=/a,bsoflags=async")), invalid);
  for (const char* size : {"", "0", "-1", "abc", "512x", "99999999999", "4G"}) {
    EXPECT_EQ(refusal(unit(Operation::create, std::string("path=/a,blocksize=") + size)), invalid) << size;
  }
  ManagementRequest unknown = unit(Operation::create, "path=/a");
  unknown.device_type = 3;
  EXPECT_EQ(refusal(unknown), invalid);
  ManagementRequest nameless = unit(Operation::create, "path=/a");
  nameless.logical_unit_number.reset();
  EXPECT_EQ(refusal(nameless), ManagementErrorCode::no_logical_unit);
}

TEST(Dispatch, UpdatesRemovesAndCountsLogicalUnits) {
  EXPECT_EQ(calls(unit(Operation::update, "targetOps ,scsi_id=a,readonly=1,,")),
            Calls{"update_unit 1:2 scsi_id=a readonly=1"});
  EXPECT_EQ(calls(unit(Operation::update)), Calls{"update_unit 1:2"});
  EXPECT_EQ(calls(unit(Operation::remove)), Calls{"remove_unit 1:2"});
  EXPECT_EQ(calls(unit(Operation::stat)), Calls{"stat_unit 1:2"});
}

TEST(Dispatch, KnowsTheSystem) {
  EXPECT_EQ(calls(other(Mode::system, Operation::show)), Calls{"show_system"});
  EXPECT_EQ(calls(other(Mode::system, Operation::stat)), Calls{"stat_system"});
  EXPECT_EQ(calls(other(Mode::system, Operation::remove)), Calls{"stop_system"});
  EXPECT_EQ(calls(other(Mode::system, Operation::update, "State=offline")), Calls{"system offline"});
  EXPECT_EQ(calls(other(Mode::system, Operation::update, "State=ready")), Calls{"system ready"});
  EXPECT_EQ(refusal(other(Mode::system, Operation::update, "State=bogus")), invalid);
  EXPECT_EQ(calls(other(Mode::system, Operation::update, "debug=on")), Calls{"debug on"});
  EXPECT_EQ(calls(other(Mode::system, Operation::update, "debug=off")), Calls{"debug off"});
  EXPECT_EQ(refusal(other(Mode::system, Operation::update, "debug=maybe")), invalid);
  EXPECT_EQ(calls(other(Mode::system, Operation::update, "iSNS=On")), Calls{"update_system iSNS=On"});
  EXPECT_EQ(refusal(other(Mode::system, Operation::update)), invalid);
}

TEST(Dispatch, KnowsPortals) {
  EXPECT_EQ(calls(other(Mode::portal, Operation::create, "portalOps portal=[::1]:3260,")),
            Calls{"create_portal [::1]:3260"});
  EXPECT_EQ(calls(other(Mode::portal, Operation::create, "portalOps portal=[::1]:3260,group=2,")),
            Calls{"create_portal [::1]:3260,2"});
  EXPECT_EQ(calls(other(Mode::portal, Operation::remove, "portalOps portal=10.0.0.1,")),
            Calls{"remove_portal 10.0.0.1"});
  EXPECT_EQ(calls(other(Mode::portal, Operation::show)), Calls{"show_portals"});
  for (const char* text : {"", "portalOps ", "portalOps portal=,", "portalOps x=y,", "portalOps portal=a,portal=b,",
                           "portalOps portal=a,group=,", "portalOps portal=a,group=0,",
                           "portalOps portal=a,group=65536,", "portalOps portal=a,group=x,", "portalOps group=2,"}) {
    EXPECT_EQ(refusal(other(Mode::portal, Operation::create, text)), invalid) << text;
  }
}

TEST(Dispatch, KnowsSessionsAndConnections) {
  EXPECT_EQ(refusal(other(Mode::session, Operation::show)), invalid) << "as every release has answered";
  EXPECT_EQ(calls({.mode = Mode::session, .operation = Operation::stat, .session_id = 5}), Calls{"stat_session 5"});
  const auto connection = [](Operation operation) {
    return ManagementRequest{
        .mode = Mode::connection, .operation = operation, .target_id = 1, .session_id = 2, .connection_id = 3};
  };
  EXPECT_EQ(calls(connection(Operation::show)), Calls{"show_connections 1"});
  EXPECT_EQ(calls(connection(Operation::remove)), Calls{"close 1:2:3"});
  EXPECT_EQ(calls(connection(Operation::stat)), Calls{"stat_connection 1:2:3"});
}

TEST(Dispatch, KnowsAccounts) {
  EXPECT_EQ(calls(other(Mode::account, Operation::create, "user=u,password=p,q")), Calls{"create_account u p,q"});
  EXPECT_EQ(calls(other(Mode::account, Operation::remove, "user=u")), Calls{"remove_account u"});
  EXPECT_EQ(calls(other(Mode::account, Operation::bind, "user=u")), Calls{"bind_account u discovery"});
  ManagementRequest outgoing = other(Mode::account, Operation::unbind, "user=u");
  outgoing.outgoing = true;
  outgoing.target_id = 4;
  EXPECT_EQ(calls(outgoing), Calls{"unbind_account u 4 outgoing"});
  EXPECT_EQ(calls(other(Mode::account, Operation::show)), Calls{"show_accounts"});
}

TEST(Dispatch, RefusesAccountsWithoutUserOrPassword) {
  for (const char* text : {"", "user=u", "password=p", "user=,password=p", "user=u,password="}) {
    EXPECT_EQ(refusal(other(Mode::account, Operation::create, text)), invalid) << text;
  }
  for (const Operation operation : {Operation::remove, Operation::bind, Operation::unbind}) {
    EXPECT_EQ(refusal(other(Mode::account, operation)), ManagementErrorCode::no_account);
  }
}

TEST(Dispatch, KnowsDrivers) {
  ManagementRequest start = other(Mode::driver, Operation::start);
  start.driver = "iscsi";
  EXPECT_EQ(calls(start), Calls{"start_driver iscsi"});
  EXPECT_EQ(calls(other(Mode::driver, Operation::stop)), Calls{"stop_driver "});
  EXPECT_EQ(calls(other(Mode::driver, Operation::show)), Calls{"show_drivers"});
}

TEST(Dispatch, SaysInWordsWhatAModeCannotDo) {
  const Outcome outcome = dispatch(other(Mode::session, Operation::show));
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().detail, "mode session has no operation show");
}

TEST(Dispatch, SaysWhatAPortalGroupIs) {
  const Outcome outcome = dispatch(other(Mode::portal, Operation::create, "portalOps portal=127.0.0.1,group=0,"));
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().detail, "'0' is no portal group: it is a number from 1 to 65535");
}

TEST(Dispatch, AnswersEveryModeWithEveryOperation) {
  for (std::uint32_t mode = 0; mode < management_mode_count; ++mode) {
    for (std::uint32_t operation = 0; operation < management_operation_count; ++operation) {
      ManagementRequest request = unit(static_cast<Operation>(operation));
      request.mode = static_cast<Mode>(mode);
      const Outcome outcome = dispatch(request);
      EXPECT_TRUE(outcome.result || outcome.calls.empty()) << mode << " " << operation;
    }
  }
}

}  // namespace
}  // namespace tgt
