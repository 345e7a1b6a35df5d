// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "core/itl_nexus.h"
#include "core/target.h"
#include "core/task_manager.h"
#include "core/task_router.h"
#include "device/passthrough/passthrough_device.h"
#include "initiator/loopback_port.h"
#include "reactor/event.h"
#include "reactor/simulated_reactor.h"

namespace tgt {

// For tests: a passed-through device behind a LoopbackPort, at LUN 0 of a target with two initiators.
class PassthroughBench : public testing::Test {
 protected:
  using Reaction = LoopbackPort::Reaction;

  // What an initiator sees of a command; shared with the task that runs it.
  struct Outcome {
    bool ended = false;
    bool answered = false;
    Status status = Status::good;
    std::vector<std::uint8_t> data;
    std::vector<std::uint8_t> sense_bytes;
    std::optional<Sense> sense;
    Residual residual;
    Event data_out_given;
  };
  struct Sent {
    std::vector<std::uint8_t> cdb;
    std::uint32_t expected_in = 0;
    std::vector<std::uint8_t> data_out{};
    std::uint64_t tag = 0;
    bool withhold = false;
    std::uint32_t expected_out = 0;  // 0: as many as there are
  };
  struct Host final : Session {
    std::shared_ptr<Nexus> nexus;
    void end(SessionEnd) override {}
  };

  void make(DeviceFacts facts) {
    auto port = std::make_unique<LoopbackPort>([this](const ScsiRequest& request) { return react(request); });
    port_ = port.get();
    port_->told_notices = told_notices;
    auto device = std::make_unique<PassthroughDevice>(PassthroughDevice::Parts{.port = std::move(port),
                                                                               .facts = std::move(facts),
                                                                               .path = "/dev/lab",
                                                                               .data_shards = 1,
                                                                               .opened = shard().now()},
                                                      Log::silent());
    device_ = device.get();
    unit_ = std::make_shared<LogicalUnit>(std::move(device), std::vector<Shard*>{&shard()});
    target_ = std::make_unique<Target>(1, target_name, "iscsi", std::vector<Shard*>{&shard()});
    target_->map(Lun{0}, unit_);
    log_in(a_, 1);
    log_in(b_, 2);
    for (Host* host : {&a_, &b_}) {
      while (run(*host, {.cdb = {0, 0, 0, 0, 0, 0}})->status != Status::good) {
      }
    }
    port_->received.clear();
  }
  void make(PeripheralDeviceType type, std::uint32_t block_length = 512) {
    DeviceFacts facts(type);
    facts.version = 6;
    facts.block_length = block_length;
    facts.block_count = 1000;
    make(std::move(facts));
  }
  ~PassthroughBench() override { take_down(); }
  // Gives the device back, unless it has been. By whoever owns what the device looks at, before that goes.
  void take_down() {
    if (!target_) return;
    port_->release();
    reactor_.settle();
    for (Host* host : {&a_, &b_}) log_out(*host);
    EXPECT_TRUE(reactor_.run(unmap()));
    target_.reset();
    unit_.reset();
  }

  void log_in(Host& host, std::uint64_t id) { EXPECT_TRUE(reactor_.run(open(host, id))); }
  void log_out(Host& host) {
    if (host.nexus != nullptr) EXPECT_TRUE(reactor_.run(target_->close_nexus(std::exchange(host.nexus, nullptr))));
  }

  // Starts a command and lets everything happen that happens without time.
  std::shared_ptr<Outcome> run(Host& host, Sent sent) {
    auto outcome = std::make_shared<Outcome>();
    if (!sent.withhold) outcome->data_out_given.set();
    spawn(execute(host, std::move(sent), outcome));
    reactor_.settle();
    return outcome;
  }
  std::shared_ptr<Outcome> run(Sent sent) { return run(a_, std::move(sent)); }

  // Starts a task management function; its response is there once it has one.
  std::shared_ptr<std::optional<TaskManagementResponse>> manage(TaskManagementFunction function,
                                                                std::uint64_t tag = 0) {
    auto response = std::make_shared<std::optional<TaskManagementResponse>>();
    spawn(perform(function, tag, response));
    reactor_.settle();
    return response;
  }

  Reaction react(const ScsiRequest& request) {
    return reacts ? reacts(request) : LoopbackPort::good(std::vector<std::uint8_t>(request.data.size(), 0x5a));
  }
  // Does one thing for one operation code, and answers everything else GOOD.
  void react_to(std::uint8_t code, std::function<Reaction(const ScsiRequest&)> reaction) {
    reacts = [code, reaction = std::move(reaction)](const ScsiRequest& request) {
      if (request.cdb.operation_code() == code) return reaction(request);
      return LoopbackPort::good(std::vector<std::uint8_t>(request.data.size(), 0x5a));
    };
  }
  static Reaction held(Reaction::When when) {
    Reaction reaction;
    reaction.when = when;
    return reaction;
  }
  const LoopbackPort::Received& last() const { return port_->received.back(); }
  std::size_t sent_to_device() const { return port_->received.size(); }
  static void expect_sense(const Outcome& outcome, const Sense& sense) {
    ASSERT_TRUE(outcome.ended && outcome.answered);
    EXPECT_EQ(outcome.status, Status::check_condition);
    ASSERT_TRUE(outcome.sense.has_value());
    EXPECT_EQ(*outcome.sense, sense);
  }
  Shard& shard() { return reactor_.shard(); }

  static constexpr const char* target_name = "iqn.2026-01.example:t";
  SimulatedReactor reactor_;
  std::function<Reaction(const ScsiRequest&)> reacts;
  const HostNotices* told_notices = nullptr;
  LoopbackPort* port_ = nullptr;
  PassthroughDevice* device_ = nullptr;
  std::shared_ptr<LogicalUnit> unit_;
  std::unique_ptr<Target> target_;
  Host a_, b_;
  TaskManager manager_{TaskManager::Limits{}};

 private:
  class BenchCommand final : public Command {
   public:
    BenchCommand(Shard& shard, Nexus& nexus, const Request& request, MutableBytes data, Outcome& outcome)
        : Command(shard, nexus, request), data_(data), outcome_(outcome) {}

   private:
    bool has_data_out(std::uint32_t) const override { return outcome_.data_out_given.is_set(); }
    Task<bool> fetch_data_out(std::uint32_t) override {
      co_await outcome_.data_out_given.wait();
      co_return !abandoned_;
    }
    MutableBytes fetched_data_out() override { return data_; }
    void abandon_data_out() override {
      abandoned_ = true;
      outcome_.data_out_given.set();
    }
    MutableBytes data_;
    Outcome& outcome_;
    bool abandoned_ = false;
  };

  Task<void> open(Host& host, std::uint64_t id) {
    Nexus::Properties properties;
    properties.id = id;
    properties.initiator.name = "iqn.2026-01.example:host" + std::to_string(id);
    auto opened = co_await target_->open_nexus(shard(), host, properties);
    if (opened) host.nexus = std::move(*opened);
  }
  Task<void> unmap() {
    const auto removal = co_await target_->unmap(shard(), Lun{0}, Target::WhenActive::abort_tasks);
    static_cast<void>(removal);
  }
  Task<void> execute(Host& host, Sent sent, std::shared_ptr<Outcome> outcome) {
    const auto cdb = Cdb::from_transport(sent.cdb);
    if (!cdb) co_return;
    const auto there = static_cast<std::uint32_t>(sent.data_out.size());
    const Command::Request request{.lun = Lun{0}.to_wire(),
                                   .tag = {sent.tag},
                                   .cdb = *cdb,
                                   .expected_data_in = {sent.expected_in},
                                   .expected_data_out = {sent.expected_out != 0 ? sent.expected_out : there}};
    const std::shared_ptr<Nexus> nexus = host.nexus;
    BenchCommand command(shard(), *nexus, request, sent.data_out, *outcome);
    const auto end = co_await TaskRouter::execute(command);
    outcome->ended = true;
    if (end == TaskRouter::Outcome::silent) co_return;
    const Reply& reply = command.reply();
    outcome->answered = true;
    outcome->status = reply.status;
    if (reply.data_length != 0) outcome->data.assign(reply.data.data(), reply.data.data() + reply.data_length);
    outcome->sense_bytes.assign(reply.sense_data.bytes().begin(), reply.sense_data.bytes().end());
    outcome->sense = reply.sense_data.decode();
    outcome->residual = command.residual();
  }
  Task<void> perform(TaskManagementFunction function, std::uint64_t tag,
                     std::shared_ptr<std::optional<TaskManagementResponse>> response) {
    const std::shared_ptr<Nexus> nexus = a_.nexus;
    *response =
        co_await manager_.perform(*nexus, {.function = function, .lun = Lun{0}.to_wire(), .referenced_tag = {tag}});
  }
};

}  // namespace tgt
