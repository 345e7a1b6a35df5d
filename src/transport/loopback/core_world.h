// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/fake_device.h"
#include "core/itl_nexus.h"
#include "core/target.h"
#include "core/task_manager.h"
#include "reactor/simulated_reactor.h"
#include "transport/loopback/loopback_initiator.h"

namespace tgt {

// The result of something that was started and may not have ended yet.
template <class T>
struct Started {
  std::optional<T> value;
  explicit operator bool() const { return value.has_value(); }
  const T* operator->() const { return &*value; }
  const T& operator*() const { return *value; }
};

template <class T>
std::shared_ptr<Started<T>> start(Task<T> task) {
  auto started = std::make_shared<Started<T>>();
  spawn([](Task<T> running, std::shared_ptr<Started<T>> into) -> Task<void> {
    into->value.emplace(co_await std::move(running));
  }(std::move(task), started));
  return started;
}

inline Cdb cdb_of(std::vector<std::uint8_t> bytes) { return *Cdb::from_transport(bytes); }
inline Cdb test_unit_ready() { return cdb_of({0x00, 0, 0, 0, 0, 0}); }
inline Cdb inquiry(std::uint8_t length = 96) { return cdb_of({0x12, 0, 0, 0, length, 0}); }
inline Cdb request_sense(std::uint8_t length = 252) { return cdb_of({0x03, 0, 0, 0, length, 0}); }
inline Cdb report_luns(std::uint8_t select = 0, std::uint8_t length_high = 0x10) {
  return cdb_of({0xa0, 0, select, 0, 0, 0, 0, 0, length_high, 0, 0, 0});
}
inline Cdb read_10(std::uint8_t length = 0) { return cdb_of({0x28, 0, 0, 0, 0, 0, 0, 0, length, 0}); }
inline Cdb write_10(std::uint8_t length) { return cdb_of({0x2a, 0, 0, 0, 0, 0, 0, 0, length, 0}); }
inline Cdb write_alone(std::uint8_t length) { return cdb_of({0x2e, 0, 0, 0, 0, 0, 0, 0, length, 0}); }
inline Cdb write_in_turn(std::uint8_t length) { return cdb_of({0x3f, 0, 0, 0, 0, 0, 0, 0, length, 0}); }
inline Cdb alone() { return cdb_of({0x3b, 0, 0, 0, 0, 0, 0, 0, 0, 0}); }

// A target with fake devices and initiators on simulated shards.
class CoreWorld {
 public:
  explicit CoreWorld(unsigned shards = 2, std::uint64_t seed = 1)
      : reactor_({.shards = shards, .system = {.seed = seed}}) {
    for (unsigned i = 0; i < shards; ++i) shards_.push_back(&reactor_.shard(i));
    target = std::make_unique<Target>(1, "iqn.2026-01.example:t", "loopback", shards_);
  }
  ~CoreWorld() {
    for (FakeDevice* device : devices_) {
      device->behaviour().holds = false;
      device->complete_all();
    }
    for (auto& initiator : initiators_) EXPECT_TRUE(reactor_.run(initiator->logout()));
    initiators_.clear();
    for (const auto& [lun, unit] : target->logical_units()) {
      EXPECT_TRUE(reactor_.run(unmap_quietly(lun)));
    }
  }

  FakeDevice& add_unit(Lun lun, const FakeDevice::Behaviour& behaviour = {}) {
    auto device = std::make_unique<FakeDevice>(behaviour);
    FakeDevice& reference = *device;
    devices_.push_back(&reference);
    EXPECT_TRUE(target->map(lun, std::make_shared<LogicalUnit>(std::move(device), shards_)));
    return reference;
  }
  LoopbackInitiator& add_initiator(unsigned shard, const std::string& name = {}) {
    LoopbackInitiator& initiator = add_initiator_only(shard);
    const Nexus::Properties properties = properties_for(name);
    const auto logged_in = start(initiator.login(properties));
    reactor_.settle();
    EXPECT_TRUE(*logged_in && **logged_in);
    return initiator;
  }
  LoopbackInitiator& add_initiator_only(unsigned shard) {
    initiators_.push_back(std::make_unique<LoopbackInitiator>(reactor_.shard(shard), *target));
    return *initiators_.back();
  }
  Nexus::Properties properties_for(const std::string& name) {
    const std::uint64_t id = ++nexus_id_;
    Nexus::Properties properties;
    properties.id = id;
    properties.initiator.name = name.empty() ? "iqn.2026-01.example:i" + std::to_string(id) : name;
    return properties;
  }
  // Reads what is pending from the start, so that the next command meets no unit attention.
  void clear_attentions(LoopbackInitiator& initiator, Lun lun) {
    for (int i = 0; i < 20; ++i) {
      const LoopbackReply reply = run(initiator, {.lun = lun, .cdb = test_unit_ready()});
      if (reply.status == Status::good) return;
    }
    ADD_FAILURE() << "unit attentions without end";
  }
  LoopbackReply run(LoopbackInitiator& initiator, LoopbackInitiator::Execution execution) {
    const auto reply = start(initiator.execute(std::move(execution)));
    reactor_.settle();
    EXPECT_TRUE(*reply) << "the command has not ended";
    return *reply ? **reply : LoopbackReply{};
  }
  auto begin(LoopbackInitiator& initiator, LoopbackInitiator::Execution execution) {
    auto reply = start(initiator.execute(std::move(execution)));
    reactor_.settle();
    return reply;
  }
  auto begin_function(LoopbackInitiator& initiator, TaskManagementFunction function, Lun lun = {},
                      std::uint64_t tag = 0) {
    auto response = start(initiator.manage(manager, function, lun, tag));
    reactor_.settle();
    return response;
  }
  // It goes with its unit, before the end of the test.
  void forget_device(FakeDevice& device) { std::erase(devices_, &device); }
  void settle() { reactor_.settle(); }
  void advance(Duration by) { reactor_.advance(by); }
  SimulatedReactor& reactor() { return reactor_; }
  const std::vector<Shard*>& shards() const { return shards_; }

 private:
  Task<void> unmap_quietly(Lun lun) { co_await target->unmap(*shards_[0], lun, Target::WhenActive::abort_tasks); }

  SimulatedReactor reactor_;
  std::vector<Shard*> shards_;
  std::uint64_t nexus_id_ = 0;
  std::vector<std::unique_ptr<LoopbackInitiator>> initiators_;
  std::vector<FakeDevice*> devices_;

 public:
  std::unique_ptr<Target> target;
  TaskManager manager{TaskManager::Limits{}};
};

}  // namespace tgt
