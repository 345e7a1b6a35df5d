// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "core/every_shard.h"
#include "reactor/reactor.h"
#include "transport/loopback/core_world.h"

// Real threads, everything at once: for the thread and address sanitizers, and for what only chance finds.

namespace tgt {
namespace {

constexpr unsigned shard_count = 4;
constexpr Lun steady{0};
constexpr Lun coming_and_going{1};
constexpr std::uint64_t alone_tags = 1u << 20;

struct Stress {
  Reactor& reactor;
  std::vector<Shard*> shards;
  Target target;
  TaskManager manager{TaskManager::Limits{.abort = 2s, .reset = 4s}};
  std::atomic<unsigned> running{0};
  std::atomic<std::uint64_t> next_nexus_id{1};
  std::atomic<std::uint64_t> next_tag{1};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> silent{0};
  std::atomic<std::uint64_t> functions{0};
  std::atomic<std::uint64_t> rejected{0};
};

Nexus::Properties properties_of(std::uint64_t id, const std::string& name) {
  Nexus::Properties properties;
  properties.id = id;
  properties.initiator.name = name;
  return properties;
}

Task<void> one_command(Stress& stress, LoopbackInitiator& initiator, unsigned dice) {
  static constexpr TaskAttribute attributes[] = {TaskAttribute::simple,  TaskAttribute::simple,
                                                 TaskAttribute::simple,  TaskAttribute::untagged,
                                                 TaskAttribute::ordered, TaskAttribute::head_of_queue};
  const bool is_alone = dice % 17 == 0;
  LoopbackInitiator::Execution execution{.lun = dice % 5 == 0 ? coming_and_going : steady,
                                         .cdb = is_alone ? alone() : read_10(64),
                                         .expected_data_in = 64,
                                         .attribute = attributes[dice / 32 % 6],
                                         .tag = stress.next_tag.fetch_add(1) + (is_alone ? alone_tags : 0)};
  const LoopbackReply reply = co_await initiator.execute(std::move(execution));
  (reply.answered ? stress.answered : stress.silent).fetch_add(1);
}

// A write whose data comes when it comes.
Task<void> one_slow_write(Stress& stress, LoopbackInitiator& initiator, unsigned dice) {
  const bool is_alone = dice % 3 == 0;
  const std::uint64_t tag = stress.next_tag.fetch_add(1) + (is_alone ? alone_tags : 0);
  Join work;
  work.add([](Stress& of, LoopbackInitiator& by, LoopbackInitiator::Execution execution)
               -> Task<void> {
    const LoopbackReply reply = co_await by.execute(std::move(execution));
    (reply.answered ? of.answered : of.silent).fetch_add(1);
  }(stress, initiator,
               {.lun = steady,
                .cdb = is_alone ? write_alone(64) : write_10(64),
                .data_out = std::vector<std::uint8_t>(64),
                .attribute = dice % 11 == 0 ? TaskAttribute::ordered : TaskAttribute::simple,
                .tag = tag,
                .withhold_data_out = true}));
  co_await initiator.shard().sleep(std::chrono::microseconds(dice / 64 % 2000));
  initiator.give_data_out(tag);
  co_await work.all();
}

Task<void> one_function(Stress& stress, LoopbackInitiator& initiator, unsigned dice) {
  static constexpr TaskManagementFunction functions[] = {
      TaskManagementFunction::abort_task,        TaskManagementFunction::abort_task_set,
      TaskManagementFunction::clear_task_set,    TaskManagementFunction::logical_unit_reset,
      TaskManagementFunction::target_warm_reset, TaskManagementFunction::query_task_set,
      TaskManagementFunction::i_t_nexus_reset,   TaskManagementFunction::query_asynchronous_event};
  if (!initiator.logged_in()) co_return;
  const Lun lun = dice % 3 == 0 ? coming_and_going : steady;
  const bool held_back = initiator.nexus().itl(lun) == nullptr && initiator.nexus().held_back();
  const TaskManagementResponse response =
      co_await initiator.manage(stress.manager, functions[dice % 8], lun, stress.next_tag.load() - dice % 16);
  stress.functions.fetch_add(1);
  if (response == TaskManagementResponse::function_rejected && !held_back) stress.rejected.fetch_add(1);
}

Task<void> one_session(Stress& stress, Shard& shard, unsigned number, unsigned round_of_sessions) {
  std::mt19937 dice(number * 1100 + round_of_sessions);
  LoopbackInitiator initiator(shard, stress.target);
  // Two initiators share each name: they reinstate one another's sessions.
  const std::uint64_t id = stress.next_nexus_id.fetch_add(1);
  const bool in = co_await initiator.login(properties_of(id, "iqn.2026-01.example:i" + std::to_string(number / 2)));
  if (!in) co_return;  // overtaken by the other one
  Join work;
  for (int round = 0; round < 12; ++round) {
    for (unsigned burst = dice() % 16; burst != 0; --burst) {
      work.add(one_command(stress, initiator, static_cast<unsigned>(dice() >> 4)));
    }
    for (unsigned burst = dice() % 4; burst != 0; --burst) {
      work.add(one_slow_write(stress, initiator, static_cast<unsigned>(dice() >> 4)));
    }
    if (dice() % 3 == 0) work.add(one_function(stress, initiator, static_cast<unsigned>(dice() >> 4)));
    if (dice() % 2 == 0) co_await shard.sleep(1ms);
  }
  if (dice() % 2 == 0) co_await work.all();
  co_await initiator.logout();
  co_await work.all();
}

Task<void> sessions(Stress& stress, Shard& shard, unsigned number) {
  for (unsigned round = 0; round < 6; ++round) co_await one_session(stress, shard, number, round);
  if (stress.running.fetch_sub(1) == 1) stress.reactor.stop();
}

std::shared_ptr<LogicalUnit> make_unit(const Stress& stress, FakeDevice** device = nullptr) {
  auto fake = std::make_unique<FakeDevice>(FakeDevice::Behaviour{.task_limit = 40, .takes = 100us});
  if (device != nullptr) *device = fake.get();
  return std::make_shared<LogicalUnit>(std::move(fake), stress.shards);
}

Task<void> administrator(Stress& stress, Shard& shard) {
  for (int round = 0; round < 20; ++round) {
    stress.target.map(coming_and_going, make_unit(stress));
    co_await shard.sleep(5ms);
    static_cast<void>(stress.target.nexuses());
    for (;;) {
      const auto how = round % 2 == 0 ? Target::WhenActive::refuse : Target::WhenActive::abort_tasks;
      const Target::Removal removal = co_await stress.target.unmap(shard, coming_and_going, how);
      if (removal == Target::Removal::done) break;
      co_await shard.sleep(1ms);
    }
  }
  if (stress.running.fetch_sub(1) == 1) stress.reactor.stop();
}

struct Begin : PostedWork {
  std::function<void()> begin;
  explicit Begin(std::function<void()> function) : begin(std::move(function)) {
    run = [](PostedWork& work) { static_cast<Begin&>(work).begin(); };
  }
};

TEST(CoreStress, ManyShardsDoEverythingAtOnceAndNothingIsLostOrLeft) {
  Reactor reactor({.shards = shard_count}, Log::silent());
  std::vector<Shard*> shards;
  for (unsigned i = 0; i < shard_count; ++i) shards.push_back(&reactor.shard(i));
  Stress stress{.reactor = reactor, .shards = shards, .target = {1, "iqn.2026-01.example:t", "loopback", shards}};
  FakeDevice* device = nullptr;
  ASSERT_TRUE(stress.target.map(steady, make_unit(stress, &device)));
  std::vector<std::unique_ptr<Begin>> begins;
  for (unsigned number = 0; number < 2 * shard_count; ++number) {
    Shard& shard = *shards[number % shard_count];
    begins.push_back(std::make_unique<Begin>([&stress, &shard, number] { spawn(sessions(stress, shard, number)); }));
    shard.post(*begins.back());
  }
  begins.push_back(std::make_unique<Begin>([&] { spawn(administrator(stress, *shards[0])); }));
  shards[0]->post(*begins.back());
  stress.running = 2 * shard_count + 1;
  reactor.run();

  EXPECT_TRUE(stress.target.nexuses().empty());
  EXPECT_EQ(device->running(), 0u);
  EXPECT_GT(stress.answered.load(), 100u);
  EXPECT_GT(stress.functions.load(), 20u);
  EXPECT_EQ(stress.rejected.load(), 0u) << "every task ends soon, so no function may fail";
  std::optional<std::uint64_t> alone_runs;
  unsigned running = 0;
  for (const FakeDevice::Happening& happening : device->history()) {
    if (happening.what == 'b') {
      EXPECT_FALSE(alone_runs) << "task " << happening.tag << " ran beside " << *alone_runs;
      if (happening.tag >= alone_tags) {
        EXPECT_EQ(running, 0u);
        alone_runs = happening.tag;
      }
      ++running;
    } else if (happening.what == 'e') {
      --running;
      if (alone_runs == happening.tag) alone_runs.reset();
    }
  }
}

}  // namespace
}  // namespace tgt
