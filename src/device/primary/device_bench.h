// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/itl_nexus.h"
#include "core/target.h"
#include "core/task_router.h"
#include "reactor/event.h"
#include "reactor/simulated_reactor.h"

namespace tgt {

// For tests: one device at LUN 0 of a target, and one initiator that sends it a command at a time.
class DeviceBench final : public Session {
 public:
  static constexpr const char* target_name = "iqn.2026-01.example:bench";

  struct Answer {
    bool answered = false;
    Status status = Status::good;
    std::vector<std::uint8_t> data;
    std::optional<Sense> sense;
    Residual residual;
  };

  explicit DeviceBench(std::unique_ptr<DeviceServer> device)
      : target_(1, target_name, "iscsi", {&reactor_.shard()}),
        unit_(std::make_shared<LogicalUnit>(std::move(device), std::vector<Shard*>{&reactor_.shard()})) {
    target_.map(Lun{0}, unit_);
    data_sent_.set();
    reactor_.run(login(nexus_, 1));
    send({0, 0, 0, 0, 0, 0});  // takes the unit attention of the login
  }
  ~DeviceBench() {
    reactor_.run(target_.close_nexus(std::exchange(nexus_, nullptr)));
    for (auto& nexus : others_) reactor_.run(target_.close_nexus(std::exchange(nexus, nullptr)));
    reactor_.run(unmap());
  }
  DeviceBench(const DeviceBench&) = delete;
  DeviceBench& operator=(const DeviceBench&) = delete;

  // The initiator expects 16 MiB unless the test says otherwise.
  Answer send(std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data_out = {}) {
    const std::uint32_t expected_data_in = data_out.empty() ? 1u << 24 : 0u;
    return send(std::move(cdb), std::move(data_out), expected_data_in);
  }
  Answer send(std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data_out, std::uint32_t expected_data_in) {
    return send_as(*nexus_, std::move(cdb), std::move(data_out), expected_data_in);
  }
  // A second initiator, a third one; its first command meets the unit attention of its login.
  Nexus& another_nexus() {
    reactor_.run(login(others_.emplace_back(), 2 + others_.size()));
    return *others_.back();
  }
  Answer send_as(Nexus& nexus, std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data_out = {},
                 std::uint32_t expected_data_in = 1u << 24) {
    Answer answer;
    if (!data_out.empty()) expected_data_in = 0;
    const auto parsed = Cdb::from_transport(cdb);
    if (!parsed) return answer;
    const Command::Request request{.lun = Lun{0}.to_wire(),
                                   .tag = {++tag_},
                                   .cdb = *parsed,
                                   .expected_data_in = {expected_data_in},
                                   .expected_data_out = {static_cast<std::uint32_t>(data_out.size())}};
    reactor_.run(execute(nexus, request, data_out, answer));
    return answer;
  }
  Answer send_to(Lun lun, std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data_out = {}) {
    const auto answer = start(lun, std::move(cdb), std::move(data_out));
    reactor_.run_until([&] { return answer->answered; });
    return *answer;
  }
  // A command that runs beside others, as far as it gets; reactor() moves it on.
  std::shared_ptr<Answer> start(Lun lun, std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data_out = {},
                                TaskAttribute attribute = TaskAttribute::simple) {
    auto answer = std::make_shared<Answer>();
    const Command::Request request{.lun = lun.to_wire(),
                                   .tag = {++tag_},
                                   .attribute = attribute,
                                   .cdb = *Cdb::from_transport(cdb),
                                   .expected_data_in = {data_out.empty() ? 1u << 24 : 0u},
                                   .expected_data_out = {static_cast<std::uint32_t>(data_out.size())}};
    spawn(run_beside(request, std::move(data_out), answer));
    return answer;
  }
  // What is sent from now on comes without its Data-Out, until send_data().
  void withhold_data() { data_sent_.reset(); }
  void send_data() { data_sent_.set(); }
  TaskTag latest_tag() const { return {tag_}; }
  DeviceServer& device() { return unit_->device(); }
  const std::shared_ptr<LogicalUnit>& shared_unit() { return unit_; }
  Nexus& nexus() { return *nexus_; }
  const std::shared_ptr<Nexus>& shared_nexus() { return nexus_; }
  SimulatedReactor& reactor() { return reactor_; }
  Target& target() { return target_; }

  void end(SessionEnd) override {}

 private:
  class BenchCommand final : public Command {
   public:
    BenchCommand(Shard& shard, Nexus& nexus, const Request& request, MutableBytes data, Event& data_sent)
        : Command(shard, nexus, request), data_(data), data_sent_(data_sent) {}

   private:
    bool has_data_out(std::uint32_t) const override { return data_sent_.is_set(); }
    Task<bool> fetch_data_out(std::uint32_t) override {
      co_await data_sent_.wait();
      co_return true;
    }
    MutableBytes fetched_data_out() override { return data_; }
    void abandon_data_out() override { data_sent_.set(); }
    MutableBytes data_;
    Event& data_sent_;
  };

  Task<void> login(std::shared_ptr<Nexus>& nexus, std::uint64_t id) {
    Nexus::Properties properties;
    properties.id = id;
    properties.initiator.name = "iqn.2026-01.example:host" + std::to_string(id);
    auto opened = co_await target_.open_nexus(reactor_.shard(), *this, properties);
    nexus = std::move(*opened);
  }
  Task<void> unmap() {
    const auto removal = co_await target_.unmap(reactor_.shard(), Lun{0}, Target::WhenActive::abort_tasks);
    static_cast<void>(removal);
  }
  Task<void> run_beside(Command::Request request, std::vector<std::uint8_t> data_out, std::shared_ptr<Answer> answer) {
    co_await execute(*nexus_, request, data_out, *answer);
  }
  Task<void> execute(Nexus& nexus, const Command::Request& request, MutableBytes data_out, Answer& answer) {
    BenchCommand command(reactor_.shard(), nexus, request, data_out, data_sent_);
    const auto outcome = co_await TaskRouter::execute(command);
    if (outcome == TaskRouter::Outcome::silent) co_return;
    const Reply& reply = command.reply();
    answer.answered = true;
    answer.status = reply.status;
    answer.data.assign(reply.data.data(), reply.data.data() + reply.data_length);
    answer.sense = reply.sense_data.decode();
    answer.residual = command.residual();
  }

  SimulatedReactor reactor_;
  Target target_;
  std::shared_ptr<LogicalUnit> unit_;
  std::shared_ptr<Nexus> nexus_;
  std::deque<std::shared_ptr<Nexus>> others_;
  std::uint64_t tag_ = 0;
  Event data_sent_;
};

}  // namespace tgt
