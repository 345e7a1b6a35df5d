// SPDX-License-Identifier: Apache-2.0
#include "reactor/simulated_reactor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <numeric>
#include <vector>

#include "reactor/call_on.h"
#include "reactor/event.h"
#include "reactor/file.h"
#include "reactor/gate.h"
#include "reactor/socket.h"
#include "reactor/wait.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 13 + i / 251);
  return bytes;
}

Task<void> send_and_close(Socket socket, Bytes bytes, Gate::Pass) {
  std::array vectors{io_vector(bytes.first(bytes.size() / 2)), io_vector(bytes.subspan(bytes.size() / 2))};
  const auto sent = co_await socket.send_all(vectors);
  EXPECT_TRUE(sent.has_value());
}

Task<void> receive_to_the_end(Socket& socket, std::vector<std::uint8_t>& into) {
  std::array<std::uint8_t, 777> piece{};
  for (;;) {
    const auto count = co_await socket.receive(piece);
    if (!count || *count == 0) co_return;
    into.insert(into.end(), piece.begin(), piece.begin() + static_cast<long>(*count));
  }
}

class Seeded : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeded, BytesArriveWholeAndInOrderWhateverChanceDoes) {
  SimulatedReactor reactor(GetParam());
  const auto [left, right] = reactor.system().socket_pair(1000);
  const auto out = pattern(20000);
  std::vector<std::uint8_t> in;
  Gate gate;
  Socket reader(reactor.shard(), right);
  spawn(send_and_close(Socket(reactor.shard(), left), out, gate.enter()));
  EXPECT_TRUE(reactor.run(receive_to_the_end(reader, in)));
  EXPECT_EQ(in, out);
  EXPECT_EQ(gate.users(), 0U);
  reader.close();
  EXPECT_EQ(reactor.system().open_descriptors(), 0U);
}

Task<void> count_here(SimulatedReactor& reactor, unsigned index, std::vector<unsigned>& order) {
  const unsigned seen = co_await call_on(reactor.shard(0), reactor.shard(index),
                                         [&reactor, index] { return reactor.shard(index).index(); });
  order.push_back(seen);
}

Task<void> call_every_shard(SimulatedReactor& reactor, std::vector<unsigned>& order, Gate& gate) {
  const auto one = [](SimulatedReactor& all, unsigned index, std::vector<unsigned>& seen, Gate::Pass) -> Task<void> {
    co_await count_here(all, index, seen);
  };
  for (unsigned index = 0; index < reactor.shard_count(); ++index) spawn(one(reactor, index, order, gate.enter()));
  co_await gate.close();
}

TEST_P(Seeded, CallsOnEveryShardAllComeBack) {
  SimulatedReactor reactor(SimulatedReactor::Options{.shards = 5, .system = {.seed = GetParam()}});
  std::vector<unsigned> order;
  Gate gate;
  EXPECT_TRUE(reactor.run(call_every_shard(reactor, order, gate)));
  std::ranges::sort(order);
  std::vector<unsigned> all(5);
  std::iota(all.begin(), all.end(), 0U);
  EXPECT_EQ(order, all);
}

Task<void> sleep_and_note(Shard& shard, Duration time, std::vector<int>& order, int name) {
  co_await shard.sleep(time);
  order.push_back(name);
}

TEST_P(Seeded, TimersEndInTheOrderOfTheirTimes) {
  SimulatedReactor reactor(GetParam());
  std::vector<int> order;
  spawn(sleep_and_note(reactor.shard(), 30ms, order, 3));
  spawn(sleep_and_note(reactor.shard(), 10ms, order, 1));
  spawn(sleep_and_note(reactor.shard(), 20ms, order, 2));
  const TimePoint start = reactor.system().now();
  reactor.advance(25ms);
  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_TRUE(reactor.run_until([&order] { return order.size() == 3; }));
  EXPECT_EQ(reactor.system().now() - start, Duration(30ms));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Seeded, testing::Range<std::uint64_t>(1, 101));

Task<void> read_and_write(Shard& shard, File& file) {
  const auto bytes = pattern(5000);
  const auto written = co_await file.write_all(shard, bytes, 1000);
  EXPECT_TRUE(written.has_value());
  const auto zeroed = co_await file.write_zeros(shard, 1000, 100);
  EXPECT_TRUE(zeroed.has_value());
  std::vector<std::uint8_t> in(10000);
  const auto read = co_await file.read(shard, in, 1000);
  EXPECT_EQ(read.value_or(0), 5000U);
  EXPECT_EQ(std::accumulate(in.begin(), in.begin() + 100, 0), 0);
  EXPECT_TRUE(std::equal(in.begin() + 100, in.begin() + 5000, bytes.begin() + 100));
}

TEST(SimulatedReactor, FilesAreBytesInMemory) {
  SimulatedReactor reactor;
  const int descriptor = reactor.system().make_file(100);
  File file = File::adopt(descriptor, {});
  EXPECT_TRUE(reactor.run(read_and_write(reactor.shard(), file)));
  EXPECT_EQ(reactor.system().content(descriptor).size(), 6000U);
}

Task<void> expect_second_read_to_fail(Shard& shard, File& file) {
  std::array<std::uint8_t, 10> in{};
  const auto first = co_await file.read(shard, in, 0);
  EXPECT_TRUE(first.has_value());
  const auto second = co_await file.read(shard, in, 0);
  EXPECT_TRUE(!second && second.error().kind() == IoError::Kind::medium);
  const auto third = co_await file.read(shard, in, 0);
  EXPECT_TRUE(third.has_value());
}

TEST(SimulatedReactor, AnInjectedErrorHitsTheOperationThatItWasMeantFor) {
  SimulatedReactor reactor;
  const int descriptor = reactor.system().make_file(100);
  File file = File::adopt(descriptor, {});
  reactor.system().fail_next(descriptor, Operation::Kind::read, IoError::from_errno(EIO), 1);
  EXPECT_TRUE(reactor.run(expect_second_read_to_fail(reactor.shard(), file)));
}

Task<void> accept_into(Listener& listener, std::optional<Socket>& socket, bool& ended) {
  auto accepted = co_await listener.accept();
  if (accepted) socket = std::move(*accepted);
  ended = true;
}

TEST(SimulatedReactor, AListenerGivesTheConnectionsMadeToIt) {
  SimulatedReactor reactor;
  const int descriptor = reactor.system().make_listener();
  Listener listener(reactor.shard(), descriptor);
  std::optional<Socket> accepted;
  bool ended = false;
  spawn(accept_into(listener, accepted, ended));
  reactor.settle();
  EXPECT_FALSE(ended);
  Socket client(reactor.shard(), reactor.system().connect_to(descriptor));
  reactor.settle();
  EXPECT_TRUE(accepted.has_value());
  ended = false;
  spawn(accept_into(listener, accepted, ended));
  listener.shutdown();
  reactor.settle();
  EXPECT_TRUE(ended);
}

Task<void> yield_often(Shard& shard, std::vector<int>& order, int name) {
  for (int i = 0; i < 3; ++i) {
    order.push_back(name);
    co_await Yield(shard);
  }
}

TEST(SimulatedReactor, TasksThatYieldHaveTheirTurnsOneAfterTheOther) {
  SimulatedReactor reactor;
  std::vector<int> order;
  spawn(yield_often(reactor.shard(), order, 1));
  const std::uint64_t began = reactor.shard().turns();
  spawn(yield_often(reactor.shard(), order, 2));
  EXPECT_EQ(order, (std::vector{1, 2}));
  reactor.settle();
  EXPECT_EQ(order, (std::vector{1, 2, 1, 2, 1, 2}));
  EXPECT_GE(reactor.shard().turns() - began, 3u);
}

TEST(SimulatedReactor, ATaskThatCanNeverEndIsSeen) {
  SimulatedReactor reactor;
  Event event;
  const auto wait_for_it = [](Event& what) -> Task<void> { co_await what.wait(); };
  EXPECT_FALSE(reactor.run(wait_for_it(event)));
  event.set();
}

Task<void> wait_both_ways(Shard& shard, Event& event, std::vector<bool>& results) {
  const bool late = co_await wait_until(shard, event, shard.now() + 10ms);
  results.push_back(late);
  const bool in_time = co_await wait_until(shard, event, shard.now() + 10ms);
  results.push_back(in_time);
  const bool at_once = co_await wait_until(shard, event, shard.now() + 10ms);
  results.push_back(at_once);
}

TEST(SimulatedReactor, AWaitWithADeadlineSaysWhetherTheEventCame) {
  SimulatedReactor reactor;
  Event event;
  std::vector<bool> results;
  spawn(wait_both_ways(reactor.shard(), event, results));
  reactor.advance(11ms);
  EXPECT_EQ(results, (std::vector{false}));
  event.set();
  EXPECT_EQ(results, (std::vector{false, true, true}));
  reactor.advance(1s);
  EXPECT_EQ(results.size(), 3U);
}

TEST(SimulatedReactor, AWaiterThatGaveUpIsTakenOutFromBetweenTheOthers) {
  SimulatedReactor reactor;
  Event event;
  std::vector<int> order;
  const auto wait_as = [](Shard& shard, Event& what, std::vector<int>& into,
                          std::pair<int, Duration> who) -> Task<void> {
    const bool came = co_await wait_until(shard, what, shard.now() + who.second);
    into.push_back(came ? who.first : -who.first);
  };
  spawn(wait_as(reactor.shard(), event, order, {1, 1s}));
  spawn(wait_as(reactor.shard(), event, order, {2, 10ms}));
  spawn(wait_as(reactor.shard(), event, order, {3, 1s}));
  spawn(wait_as(reactor.shard(), event, order, {4, 20ms}));
  reactor.advance(100ms);
  spawn(wait_as(reactor.shard(), event, order, {5, 1s}));
  event.set();
  EXPECT_EQ(order, (std::vector{-2, -4, 1, 3, 5}));
}

TEST(SimulatedReactor, TheSameSeedGivesTheSameRun) {
  const auto run = [](std::uint64_t seed) {
    SimulatedReactor reactor(seed);
    const auto [left, right] = reactor.system().socket_pair(100);
    const auto out = pattern(3000);
    std::vector<std::uint8_t> in;
    Gate gate;
    Socket reader(reactor.shard(), right);
    spawn(send_and_close(Socket(reactor.shard(), left), out, gate.enter()));
    EXPECT_TRUE(reactor.run(receive_to_the_end(reader, in)));
    return reactor.system().random(1U << 30);
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace tgt
