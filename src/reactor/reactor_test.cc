// SPDX-License-Identifier: Apache-2.0
#include "reactor/reactor.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "reactor/call_on.h"
#include "reactor/gate.h"
#include "reactor/socket.h"

namespace tgt {
namespace {

using Choice = Reactor::BackendChoice;

class ReactorTest : public testing::TestWithParam<Choice> {
 protected:
  std::unique_ptr<Reactor> make(unsigned shards, Duration busy_poll = 0us) {
    const Reactor::Options options{.shards = shards, .backend = GetParam(), .busy_poll = busy_poll};
    return std::make_unique<Reactor>(options, Log::silent());
  }
};

Task<void> stop_after(Reactor& reactor, Task<void> task) {
  co_await std::move(task);
  reactor.stop();
}

TEST_P(ReactorTest, IsMadeOfWhatWasAskedFor) {
  const auto reactor = make(3);
  EXPECT_EQ(reactor->shard_count(), 3U);
  const std::string name = reactor->backend_name();
  if (GetParam() == Choice::automatic) {
    EXPECT_TRUE(name == "io_uring" || name == "epoll") << name;
  } else {
    EXPECT_EQ(name, GetParam() == Choice::epoll ? "epoll" : "io_uring");
  }
  for (unsigned index = 0; index < 3; ++index) EXPECT_EQ(reactor->shard(index).index(), index);
}

Task<void> ask_everybody(Reactor& reactor, std::vector<unsigned>& answers) {
  for (unsigned index = 0; index < reactor.shard_count(); ++index) {
    Shard& there = reactor.shard(index);
    const unsigned answer = co_await call_on(reactor.shard(0), there, [&there]() -> Task<unsigned> {
      co_await there.sleep(1ms);
      co_return there.index();
    });
    answers.push_back(answer);
  }
}

TEST_P(ReactorTest, AShardAnswersFromItsOwnThread) {
  const auto reactor = make(4);
  std::vector<unsigned> answers;
  spawn(stop_after(*reactor, ask_everybody(*reactor, answers)));
  reactor->run();
  EXPECT_EQ(answers, (std::vector{0U, 1U, 2U, 3U}));
}

// Every shard calls every other one, many times, all at once.
Task<void> call_around(Reactor& reactor, Shard& here, std::atomic<unsigned>& calls) {
  for (unsigned round = 0; round < 300; ++round) {
    Shard& there = reactor.shard((here.index() + 1 + round) % reactor.shard_count());
    const unsigned index = co_await call_on(here, there, [&there] { return there.index(); });
    EXPECT_EQ(index, there.index());
    calls.fetch_add(1, std::memory_order_relaxed);
  }
}

Task<void> call_around_from(Reactor& reactor, unsigned index, std::atomic<unsigned>& calls, Gate::Pass) {
  Shard& there = reactor.shard(index);
  co_await call_on(reactor.shard(0), there, [&]() -> Task<void> {
    Gate gate;
    const auto one = [](Reactor& all, Shard& on, std::atomic<unsigned>& count, Gate::Pass) -> Task<void> {
      co_await call_around(all, on, count);
    };
    for (int task = 0; task < 4; ++task) spawn(one(reactor, there, calls, gate.enter()));
    co_await gate.close();
  });
}

Task<void> call_around_from_all(Reactor& reactor, std::atomic<unsigned>& calls) {
  Gate gate;
  for (unsigned index = 0; index < reactor.shard_count(); ++index) {
    spawn(call_around_from(reactor, index, calls, gate.enter()));
  }
  co_await gate.close();
}

TEST_P(ReactorTest, NoPostIsLostBetweenShards) {
  const auto reactor = make(3);
  std::atomic<unsigned> calls = 0;
  spawn(stop_after(*reactor, call_around_from_all(*reactor, calls)));
  reactor->run();
  EXPECT_EQ(calls.load(), 3U * 4U * 300U);
}

TEST_P(ReactorTest, NoPostIsLostWhileShardsPollForWork) {
  const auto reactor = make(2, 200us);
  std::atomic<unsigned> calls = 0;
  spawn(stop_after(*reactor, call_around_from_all(*reactor, calls)));
  reactor->run();
  EXPECT_EQ(calls.load(), 2U * 4U * 300U);
}

struct Numbered : PostedWork {
  std::vector<int>* order = nullptr;
  int number = 0;
};

TEST_P(ReactorTest, WhatOneThreadPostsRunsInItsOrder) {
  const auto reactor = make(1);
  std::vector<int> order;
  std::array<Numbered, 100> works;
  for (int i = 0; i < 100; ++i) {
    Numbered& work = works[static_cast<std::size_t>(i)];
    work.order = &order;
    work.number = i;
    work.run = [](PostedWork& self) {
      auto& numbered = static_cast<Numbered&>(self);
      numbered.order->push_back(numbered.number);
    };
  }
  std::thread poster([&] {
    for (Numbered& work : works) reactor->shard(0).post(work);
    reactor->stop();
  });
  reactor->run();
  poster.join();
  while (order.size() < works.size()) reactor->shard(0).turn(TimePoint());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_P(ReactorTest, WorkForTheEndOfTheTurnRunsBeforeTheNextOne) {
  const auto reactor = make(1);
  Shard& shard = reactor->shard(0);
  std::vector<int> order;
  Numbered last;
  last.order = &order;
  last.number = 2;
  last.run = [](PostedWork& self) { static_cast<Numbered&>(self).order->push_back(2); };
  struct First : PostedWork {
    Shard* shard = nullptr;
    Numbered* last = nullptr;
  } first;
  first.shard = &shard;
  first.last = &last;
  first.run = [](PostedWork& self) {
    auto& work = static_cast<First&>(self);
    work.shard->at_end_of_turn(*work.last);
    work.last->order->push_back(1);
  };
  shard.post(first);
  EXPECT_TRUE(shard.turn(TimePoint()));
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_FALSE(shard.turn(TimePoint()));
}

std::atomic<Reactor*> reactor_of_handler = nullptr;

TEST_P(ReactorTest, ASignalHandlerMayStopIt) {
  const auto reactor = make(2);
  reactor_of_handler = reactor.get();
  const auto handler = [](int) { reactor_of_handler.load()->stop(); };
  const auto before = std::signal(SIGUSR1, handler);
  const pthread_t main_thread = ::pthread_self();
  std::thread killer([main_thread] {
    std::this_thread::sleep_for(10ms);
    ::pthread_kill(main_thread, SIGUSR1);
  });
  reactor->run();
  killer.join();
  std::signal(SIGUSR1, before);
}

TEST_P(ReactorTest, AStopBeforeItRunsIsNotLost) {
  const auto reactor = make(2);
  reactor->stop();
  reactor->run();
  EXPECT_EQ(reactor->shard_count(), 2U);
}

Task<std::uint64_t> turns_of_all(Reactor& reactor) {
  std::uint64_t turns = 0;
  for (unsigned i = 0; i < reactor.shard_count(); ++i) {
    Shard& shard = reactor.shard(i);
    turns += co_await call_on(reactor.shard(0), shard, [&shard] { return shard.turns(); });
  }
  co_return turns;
}

Task<void> receive_nothing(Socket& socket, Gate::Pass) {
  std::array<std::uint8_t, 64> bytes{};
  const auto received = co_await socket.receive(bytes);
  EXPECT_EQ(received.value_or(99), 0U);
}

Task<void> idle_with_sessions(Reactor& reactor, std::uint64_t& turns) {
  Shard& shard = reactor.shard(0);
  std::vector<Socket> sockets;
  Gate gate;
  for (int i = 0; i < 100; ++i) {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    sockets.emplace_back(shard, pair[0]);
    sockets.emplace_back(shard, pair[1]);
  }
  for (Socket& socket : sockets) spawn(receive_nothing(socket, gate.enter()));
  co_await shard.sleep(50ms);
  const std::uint64_t before = co_await turns_of_all(reactor);
  co_await shard.sleep(1s);
  turns = co_await turns_of_all(reactor) - before;
  for (Socket& socket : sockets) socket.shutdown();
  co_await gate.close();
}

// In turns of the loops, which depend on nothing else that the machine does: asking for them and the polling after it
// cost some, a loop that does not sleep makes ten thousands in a second.
TEST_P(ReactorTest, IdleSessionsCostNoProcessorTime) {
  const auto reactor = make(2, 20us);
  std::uint64_t turns = 0;
  spawn(stop_after(*reactor, idle_with_sessions(*reactor, turns)));
  reactor->run();
  EXPECT_GT(turns, 0U);
  EXPECT_LT(turns, 1000U);
}

Task<void> use_device_shard(Reactor& reactor, std::thread::id& where) {
  auto added = reactor.add_device_shard("tgt-device");
  if (!added) co_return;
  Shard& device = **added;
  where = co_await call_on(reactor.shard(0), device, [] { return std::this_thread::get_id(); });
  reactor.remove_device_shard(device);
}

TEST_P(ReactorTest, ADeviceHasAThreadOfItsOwn) {
  const auto reactor = make(1);
  std::thread::id where;
  spawn(stop_after(*reactor, use_device_shard(*reactor, where)));
  reactor->run();
  EXPECT_NE(where, std::thread::id());
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST_P(ReactorTest, ADeviceThatGetsNoThreadOfItsOwnGetsNone) {
  const auto reactor = make(1);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto added = reactor->add_device_shard("tgt-device");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(added.has_value());
  EXPECT_TRUE(reactor->add_device_shard("tgt-device").has_value());
}

TEST_P(ReactorTest, ADeviceThatHangsDoesNotKeepTheProgramFromEnding) {
  std::array<int, 2> pipe{-1, -1};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  // The thread outlives this test's body: what it uses must, too.
  struct Hang : PostedWork {
    int descriptor = -1;
    std::atomic<bool> began = false;
    std::atomic<bool> ended = false;
  };
  static std::array<Hang, 2> hangs;
  Hang& hang = hangs[GetParam() == Choice::epoll ? 1 : 0];
  hang.began = false;
  hang.ended = false;
  hang.descriptor = pipe[0];
  hang.run = [](PostedWork& self) {
    auto& work = static_cast<Hang&>(self);
    work.began = true;
    char byte = 0;
    EXPECT_EQ(::read(work.descriptor, &byte, 1), 1);  // as a call into a driver that does not come back
    work.ended = true;
  };
  std::chrono::steady_clock::time_point start;
  {
    const auto reactor = make(1);
    Shard& stuck = *reactor->add_device_shard("tgt-stuck").value();
    Shard& healthy = *reactor->add_device_shard("tgt-healthy").value();
    stuck.post(hang);
    while (!hang.began) std::this_thread::sleep_for(1ms);
    start = std::chrono::steady_clock::now();
    const auto work = [](Reactor& all, Shard& removed, Shard& other) -> Task<void> {
      const unsigned index = co_await call_on(all.shard(0), other, [&other] { return other.index(); });
      EXPECT_EQ(index, 2U);
      all.remove_device_shard(removed);
      co_await all.shard(0).sleep(10ms);
    };
    spawn(stop_after(*reactor, work(*reactor, stuck, healthy)));
    reactor->run();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);  // it waits 2 s
  EXPECT_FALSE(hang.ended);
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  while (!hang.ended) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(50ms);  // its loop ends, over the memory that was left behind for it
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_P(ReactorTest, WorkUnderWayAtTheEndDoesNotKeepItFromEnding) {
  std::array<int, 2> pair{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  auto reactor = make(2);
  std::array<std::uint8_t, 16> bytes{};
  IoVector vector = io_vector(MutableBytes(bytes));
  Operation operation;
  operation.kind = Operation::Kind::receive;
  operation.descriptor = pair[0];
  operation.vectors = &vector;
  operation.vector_count = 1;
  operation.waiter = std::noop_coroutine();
  EXPECT_FALSE(reactor->shard(0).backend().start(operation));
  const auto nap = [](Shard& shard) -> Task<void> { co_await shard.sleep(5ms); };
  spawn(stop_after(*reactor, nap(reactor->shard(0))));
  reactor->run();
  reactor.reset();
  EXPECT_EQ(::close(pair[0]), 0);
  EXPECT_EQ(::close(pair[1]), 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, ReactorTest, testing::Values(Choice::automatic, Choice::epoll),
                         [](const auto& choice) { return choice.param == Choice::epoll ? "epoll" : "automatic"; });

}  // namespace
}  // namespace tgt
