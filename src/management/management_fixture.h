// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>

#include <map>

#include "core/fake_device.h"
#include "management/management.h"
#include "reactor/reactor.h"

namespace tgt {

// As the daemon's, with devices that take as long as the test says. A path is what its medium is in.
class FakeFactory final : public DeviceFactory {
 public:
  Task<Result<std::unique_ptr<DeviceServer>, std::string>> open(Shard&, DeviceRequest request) override {
    last = request;
    if (open_waits_for != nullptr) co_await open_waits_for->wait();
    if (request.path == "/missing") co_return failure(std::string("/missing: no such file"));
    auto obstacle = co_await request.obstacle_to_medium(request.path.value_or(""));
    if (obstacle) co_return failure(std::move(*obstacle));
    if (settle_waits_for != nullptr) {
      auto device = std::make_unique<SlowToSettle>(*settle_waits_for);
      slow = device.get();
      co_return std::unique_ptr<DeviceServer>(std::move(device));
    }
    if (close_waits_for != nullptr) {
      co_return std::make_unique<SlowToClose>(*close_waits_for, request.path.value_or(""), closed);
    }
    if (names_are_kept) co_return std::make_unique<Named>();
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
  Event* open_waits_for = nullptr;
  Event* close_waits_for = nullptr;
  unsigned closed = 0;  // of those that are slow to close
  bool names_are_kept = false;
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
    Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view) override {
      ++configured;
      return name == "plain" ? SettingHolds::at_once : SettingHolds::once_settled;
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
    SlowToClose(Event& until, std::string path, unsigned& closed)
        : until_(until), path_(std::move(path)), closed_(closed) {}
    PeripheralDeviceType type() const override { return PeripheralDeviceType::tape; }
    Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
      return failure(Sense::invalid_operation_code());
    }
    Task<void> close(Shard&) override {
      co_await until_.wait();
      ++closed_;
    }
    Description describe() const override { return {}; }
    std::string medium_identity() const override { return path_; }

   private:
    Event& until_;
    std::string path_;
    unsigned& closed_;
  };
  // Whose lasting name is made of two settings.
  class Named final : public DeviceServer {
   public:
    PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
    Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
      return failure(Sense::invalid_operation_code());
    }
    Task<void> close(Shard&) override { co_return; }
    Description describe() const override {
      return {.scsi_id = name_.at("scsi_id"), .serial_number = name_.at("scsi_sn"), .store_flags = {}};
    }
    std::string lasting_name() const override { return text_of(name_); }
    std::string lasting_name_with(std::span<const Setting> settings) const override {
      auto name = name_;
      for (const Setting& setting : settings) {
        if (name.contains(std::string(setting.name))) name[std::string(setting.name)] = setting.value;
      }
      return text_of(name);
    }
    Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view value) override {
      if (name_.contains(std::string(name))) name_[std::string(name)] = value;
      return SettingHolds::at_once;
    }
    bool keep_state_in(std::unique_ptr<StateStore>, std::optional<Bytes> saved_before) override {
      return !saved_before;
    }

   private:
    using Name = std::map<std::string, std::string>;
    static std::string text_of(const Name& name) { return name.at("scsi_id") + '-' + name.at("scsi_sn"); }
    Name name_{{"scsi_id", "id"}, {"scsi_sn", "sn"}};
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

// A management without sessions, on one real shard.
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
  // That may take longer.
  std::shared_ptr<std::optional<ManagementResult>> begin(Task<ManagementResult> operation) {
    auto result = std::make_shared<std::optional<ManagementResult>>();
    spawn([](Task<ManagementResult> wanted, std::shared_ptr<std::optional<ManagementResult>> to) -> Task<void> {
      to->emplace(co_await std::move(wanted));
    }(std::move(operation), result));
    return result;
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

}  // namespace tgt
