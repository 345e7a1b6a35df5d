// SPDX-License-Identifier: Apache-2.0
#include "management/management.h"

#include <gmock/gmock.h>

#include "core/fake_device.h"
#include "reactor/reactor.h"

namespace tgt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FakeFactory final : public DeviceFactory {
 public:
  Task<Result<std::unique_ptr<DeviceServer>, std::string>> open(Shard&, DeviceRequest request) override {
    last = request;
    if (request.path == "/missing") co_return failure(std::string("/missing: no such file"));
    if (settle_waits_for != nullptr) {
      auto device = std::make_unique<SlowToSettle>(*settle_waits_for);
      slow = device.get();
      co_return std::unique_ptr<DeviceServer>(std::move(device));
    }
    if (close_waits_for != nullptr) co_return std::make_unique<SlowToClose>(*close_waits_for);
    auto device = std::make_unique<FakeDevice>();
    opened.push_back(device.get());
    co_return std::unique_ptr<DeviceServer>(std::move(device));
  }
  std::unique_ptr<DeviceServer> make_controller(TargetId, const std::string&) override {
    return std::make_unique<FakeController>();
  }
  std::vector<std::string> store_types() const override { return {"rdwr (bsoflags sync:direct)"}; }
  std::vector<std::string> device_types() const override { return {"disk"}; }

  DeviceRequest last;
  std::vector<FakeDevice*> opened;
  Event* close_waits_for = nullptr;
  Event* settle_waits_for = nullptr;

  // As a disk that writes its cache out.
  class SlowToSettle final : public DeviceServer {
   public:
    explicit SlowToSettle(Event& until) : until_(until) {}
    PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
    Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
      return failure(Sense::invalid_operation_code());
    }
    Task<void> close(Shard&) override { co_return; }
    Description describe() const override { return {}; }
    Result<SettingHolds, SettingRefused> configure(std::string_view, std::string_view) override {
      ++configured;
      return SettingHolds::once_settled;
    }
    Task<std::optional<Sense>> settle(Shard&) override {
      co_await until_.wait();
      co_return std::nullopt;
    }
    unsigned configured = 0;

   private:
    Event& until_;
  };
  SlowToSettle* slow = nullptr;

 private:
  // As a drive that is asked to let its medium go and does not answer.
  class SlowToClose final : public DeviceServer {
   public:
    explicit SlowToClose(Event& until) : until_(until) {}
    PeripheralDeviceType type() const override { return PeripheralDeviceType::tape; }
    Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
      return failure(Sense::invalid_operation_code());
    }
    Task<void> close(Shard&) override { co_await until_.wait(); }
    Description describe() const override { return {}; }

   private:
    Event& until_;
  };
  class FakeController final : public DeviceServer {
   public:
    PeripheralDeviceType type() const override { return PeripheralDeviceType::storage_array_controller; }
    Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
      return failure(Sense::invalid_operation_code());
    }
    Task<void> close(Shard&) override { co_return; }
    Description describe() const override {
      return {.type_word = "controller", .scsi_id = {}, .serial_number = {}, .store_path = "None", .store_flags = {}};
    }
  };
};

class ManagementTest : public ::testing::Test, protected DaemonStopper, protected IscsiAuthentication {
 protected:
  ManagementTest()
      : reactor_({.shards = 1, .backend = Reactor::BackendChoice::epoll}, Log::silent()),
        shards_{&reactor_.shard(0)},
        iscsi_({}, {.shards = shards_,
                    .targets = targets_,
                    .task_manager = task_manager_,
                    .parameters = parameters_,
                    .authentication = *this,
                    .log = Log::silent()}),
        management_(dependencies()) {}

  Management::Dependencies dependencies() {
    return {.shards = shards_,
            .targets = targets_,
            .iscsi = iscsi_,
            .iscsi_parameters = parameters_,
            .devices = factory_,
            .stopper = *this,
            .log = Log::silent()};
  }

  void stop_daemon() override { ++stops_; }
  bool required(const Target*) const override { return false; }

  ManagementResult run(Task<ManagementResult> operation) {
    std::optional<ManagementResult> result;
    spawn([](Reactor& reactor, Task<ManagementResult> wanted, std::optional<ManagementResult>& to) -> Task<void> {
      to.emplace(co_await std::move(wanted));
      reactor.stop();
    }(reactor_, std::move(operation), result));
    while (!result) reactor_.shard(0).turn(std::nullopt);
    return *result;
  }
  void expect_done(Task<ManagementResult> operation) {
    const auto result = run(std::move(operation));
    EXPECT_TRUE(result.has_value()) << text_of(result.error().code) << ": " << result.error().detail;
  }
  void expect_refused(ManagementErrorCode code, Task<ManagementResult> operation) {
    const auto result = run(std::move(operation));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, code) << result.error().detail;
  }
  void make_target(std::int32_t id) {
    expect_done(management_.create_target({.id = id, .name = "iqn.2001-04.com.example:t" + std::to_string(id)}));
  }
  NewLogicalUnit unit(std::uint64_t number, std::string path = "/srv/disk") {
    return {.target_id = 1, .number = number, .path = std::move(path)};
  }
  std::string shown_targets() { return *run(management_.show_targets()); }

  Reactor reactor_;
  std::vector<Shard*> shards_;
  TargetRegistry targets_;
  TaskManager task_manager_{TaskManager::Limits{}};
  IscsiTargetParametersStore parameters_;
  FakeFactory factory_;
  IscsiDriver iscsi_;
  Management management_;
  int stops_ = 0;
};

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

TEST_F(ManagementTest, ASettingIsTakenWhenItHoldsForWhatWasDoneBeforeToo) {
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  expect_done(management_.update_logical_unit(1, 1, {{.name = "setting", .value = "1"}}));
  expect_refused(ManagementErrorCode::invalid_request,
                 management_.update_logical_unit(1, 1, {{.name = "colour", .value = "red"}}));
  factory_.opened[0]->behaviour().unsettled = Sense::write_error();
  expect_refused(ManagementErrorCode::invalid_request,
                 management_.update_logical_unit(1, 1, {{.name = "setting", .value = "1"}}));
}

TEST_F(ManagementTest, AMediumThatAnInitiatorHoldsIsRefusedInTheWordsForThat) {
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  expect_refused(ManagementErrorCode::removal_prevented,
                 management_.update_logical_unit(1, 1, {{.name = "online", .value = "0"}}));
}

TEST_F(ManagementTest, AUnitThatIsRemovedWhileASettingIsWaitedForTakesNoMoreSettings) {
  Event settled;
  factory_.settle_waits_for = &settled;
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  const auto held = targets_.find(1)->find(Lun{1});
  std::optional<ManagementResult> result;
  spawn([](Task<ManagementResult> update, std::optional<ManagementResult>& to) -> Task<void> {
    to.emplace(co_await std::move(update));
  }(management_.update_logical_unit(1, 1, {{.name = "first", .value = "1"}, {.name = "second", .value = "1"}}),
                                                                               result));
  EXPECT_EQ(factory_.slow->configured, 1u);
  expect_done(management_.remove_logical_unit(1, 1));
  expect_done(management_.create_logical_unit(unit(1)));
  settled.set();
  ASSERT_TRUE(result);
  ASSERT_FALSE(result->has_value());
  EXPECT_EQ(result->error().code, ManagementErrorCode::no_logical_unit);
  EXPECT_EQ(factory_.slow->configured, 0u) << "another one by now";
}

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
  impatient.longest_close_wait = 0s;
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(management.remove_logical_unit(1, 1));
  while (targets_.find(1)->find(Lun{1})) reactor_.shard(0).turn(std::nullopt);
  expect_refused(ManagementErrorCode::no_logical_unit, management.remove_logical_unit(1, 1));
  answered.set();
}

TEST_F(ManagementTest, TheSystemStopsOnlyWithoutTargets) {
  make_target(1);
  expect_refused(ManagementErrorCode::invalid_request, management_.stop_system());
  EXPECT_EQ(stops_, 0);
  expect_done(management_.remove_target(1, Removal::when_idle));
  expect_done(management_.stop_system());
  EXPECT_EQ(stops_, 1);
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
