// SPDX-License-Identifier: Apache-2.0
// The parts of the reactor that need no loop.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <latch>
#include <mutex>
#include <random>
#include <semaphore>
#include <set>
#include <thread>
#include <vector>

#include "reactor/blocking_pool.h"
#include "reactor/buffer_pool.h"
#include "reactor/buffer_share.h"
#include "reactor/endpoint.h"
#include "reactor/frame_pool.h"
#include "reactor/gate.h"
#include "reactor/io_error.h"
#include "reactor/operation_list.h"
#include "reactor/share_of_each.h"
#include "reactor/shared_gate.h"
#include "reactor/simulated_reactor.h"
#include "reactor/thread.h"
#include "reactor/uevent.h"

namespace tgt {
namespace {

TEST(FramePool, FramesThatLiveAtOnceAreApart) {
  std::mt19937 random(1);
  std::vector<std::pair<std::uint8_t*, std::size_t>> frames;
  for (int round = 0; round < 5000; ++round) {
    if (frames.size() < 200 && random() % 2 == 0) {
      const std::size_t size = 1 + random() % 6000;
      auto* frame = static_cast<std::uint8_t*>(allocate_frame(size));
      std::memset(frame, static_cast<int>(size % 251), size);
      frames.emplace_back(frame, size);
    } else if (!frames.empty()) {
      const std::size_t index = random() % frames.size();
      const auto [frame, size] = frames[index];
      EXPECT_EQ(frame[0], size % 251);
      EXPECT_EQ(frame[size - 1], size % 251);
      release_frame(frame, size);
      frames.erase(frames.begin() + static_cast<long>(index));
    }
  }
  for (const auto& [frame, size] : frames) release_frame(frame, size);
}

TEST(FramePool, AFrameMayEndOnAnotherThread) {
  void* frame = allocate_frame(300);
  std::thread([frame] { release_frame(frame, 300); }).join();
  void* another = allocate_frame(300);
  EXPECT_NE(another, nullptr);
  release_frame(another, 300);
}

TEST(BufferPool, BuffersArePageAlignedAndAtLeastAsLargeAsAsked) {
  BufferPool pool(std::size_t{64} << 20);
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{4097}, BufferPool::largest}) {
    const Buffer buffer = pool.allocate(size);
    ASSERT_TRUE(buffer);
    EXPECT_GE(buffer.capacity(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 4096, 0U);
    buffer.data()[size - 1] = 1;
  }
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(BufferPool, GivesNothingAboveItsLimit) {
  BufferPool pool(16384);
  Buffer first = pool.allocate(8192);
  const Buffer second = pool.allocate(8192);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(pool.allocate(1));
  first.reset();
  EXPECT_TRUE(pool.allocate(8192));
  EXPECT_FALSE(pool.allocate(0));
  EXPECT_FALSE(pool.allocate(BufferPool::largest + 1));
}

bool is_mapped(std::uint8_t* page) {
  unsigned char resident = 0;
  return ::mincore(page, 1, &resident) == 0;
}

TEST(BufferPool, GivesMemoryBackAfterABurst) {
  BufferPool pool(std::size_t{256} << 20);
  std::vector<std::uint8_t*> pages;
  {
    std::vector<Buffer> burst;
    for (int i = 0; i < 200; ++i) pages.push_back(burst.emplace_back(pool.allocate(1 << 20)).data());
    EXPECT_EQ(std::ranges::count_if(pages, is_mapped), 200);
  }
  EXPECT_LE(std::ranges::count_if(pages, is_mapped), 64);  // a quarter of the limit may be kept
}

TEST(BufferPool, ABufferThatCameBackIsUsedAgain) {
  BufferPool pool(1 << 20);
  Buffer buffer = pool.allocate(4096);
  const std::uint8_t* first = buffer.data();
  buffer.reset();
  buffer = pool.allocate(4000);
  EXPECT_EQ(buffer.data(), first);
}

TEST(BufferShare, WhoWantsEverythingLeavesAPartForTheOthers) {
  BufferPool pool(std::size_t{64} << 20);
  BufferShare first(pool);
  BufferShare second(pool);
  BufferShare third(pool);
  std::vector<Buffer> lent;
  const auto take_all = [&lent](BufferShare& share) {
    while (Buffer buffer = share.allocate(1 << 20)) lent.push_back(std::move(buffer));
  };
  take_all(first);
  EXPECT_EQ(first.lent(), std::size_t{32} << 20);
  take_all(second);
  EXPECT_EQ(second.lent(), std::size_t{16} << 20);
  EXPECT_FALSE(first.allocate(1));
  EXPECT_TRUE(third.allocate(4 << 20));
  EXPECT_EQ(third.lent(), 0U) << "it went back";
  lent.clear();
  EXPECT_EQ(pool.lent() + first.lent() + second.lent(), 0U);
  EXPECT_FALSE(first.allocate(0));
  EXPECT_FALSE(first.allocate(BufferPool::largest + 1));
  EXPECT_TRUE(first.allocate(BufferPool::largest));
}

TEST(BufferShare, TheSmallestPoolThereMayBeHasTwoOfTheLargestBuffersForOneAlone) {
  for (const bool large_enough : {true, false}) {
    BufferPool pool(BufferShare::pool_for_two - (large_enough ? 0 : 1));
    BufferShare share(pool);
    const Buffer one = share.allocate(BufferPool::largest);
    EXPECT_TRUE(one);
    EXPECT_EQ(static_cast<bool>(share.allocate(BufferPool::largest)), large_enough);
  }
}

TEST(Endpoint, TextIsReadAndWrittenTheSameWay) {
  const auto round_trip = [](std::string_view text) {
    const auto endpoint = Endpoint::parse(text, 3260);
    return endpoint ? endpoint->text() : "none";
  };
  EXPECT_EQ(round_trip("192.0.2.1"), "192.0.2.1:3260");
  EXPECT_EQ(round_trip("192.0.2.1:860"), "192.0.2.1:860");
  EXPECT_EQ(round_trip("2001:db8::1"), "[2001:db8::1]:3260");
  EXPECT_EQ(round_trip("[2001:db8::1]"), "[2001:db8::1]:3260");
  EXPECT_EQ(round_trip("[2001:DB8:0::1]:65535"), "[2001:db8::1]:65535");
  EXPECT_EQ(round_trip("[fe80::1%lo]:1"), "[fe80::1%lo]:1");
  EXPECT_EQ(round_trip("::"), "[::]:3260");
}

TEST(Endpoint, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "host", "192.0.2", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:1x",
                           "[::1", "[::1]x", "[::1]:", "[192.0.2.1]:1", "[fe80::1%]:1", "[fe80::1%no-such-link]:1",
                           "1.2.3.4%lo", ":3260", "[]:1", "::1::2"}) {
    EXPECT_FALSE(Endpoint::parse(text, 1).has_value()) << text;
  }
}

TEST(Endpoint, AddressBytesOfAMappedAddressAreItsIpv4Bytes) {
  unsigned length = 0;
  const auto mapped = Endpoint::parse("::ffff:192.0.2.1", 1)->address_bytes(length);
  EXPECT_EQ(length, 4U);
  EXPECT_EQ(mapped[0], 192);
  EXPECT_EQ(mapped[3], 1);
  EXPECT_TRUE(Endpoint::parse("::1", 1)->is_ipv6());
  const auto loopback = Endpoint::parse("::1", 1)->address_bytes(length);
  EXPECT_EQ(length, 16U);
  EXPECT_EQ(loopback[15], 1);
  Endpoint().address_bytes(length);
  EXPECT_EQ(length, 0U);
}

TEST(IoError, KindsAreThoseThatCallersDecideBy) {
  EXPECT_EQ(IoError::from_errno(EPIPE).kind(), IoError::Kind::connection_lost);
  EXPECT_EQ(IoError::from_errno(ENOSPC).kind(), IoError::Kind::no_space);
  EXPECT_EQ(IoError::from_errno(EIO).kind(), IoError::Kind::medium);
  EXPECT_EQ(IoError::from_errno(EAGAIN).kind(), IoError::Kind::no_memory);
  EXPECT_EQ(IoError::from_errno(ENOTTY).kind(), IoError::Kind::not_supported);
  EXPECT_EQ(IoError::from_errno(EDOM).kind(), IoError::Kind::other);
  EXPECT_EQ(IoError::from_errno(ENOENT).text(), "No such file or directory");
}

struct Noted {
  Timer timer;
  std::vector<int>& order;
  int name;
  Noted(Shard& shard, std::vector<int>& into, int number)
      : timer(shard, &Noted::note, this), order(into), name(number) {}
  static void note(void* self) {
    auto& noted = *static_cast<Noted*>(self);
    noted.order.push_back(noted.name);
  }
};

TEST(Timers, EndInOrderOfTimeAndThenOfArming) {
  SimulatedReactor reactor;
  std::vector<int> order;
  std::vector<std::unique_ptr<Noted>> timers;
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<Noted>(reactor.shard(), order, i));
    timers.back()->timer.arm(std::chrono::milliseconds(100 - i / 2));
  }
  timers[50]->timer.cancel();
  timers[60].reset();
  timers[70]->timer.arm(1s);
  EXPECT_FALSE(timers[50]->timer.armed());
  reactor.advance(2s);
  std::vector<int> expected;
  for (int i = 98; i >= 0; i -= 2) {
    for (const int name : {i, i + 1}) {
      if (name != 50 && name != 60 && name != 70) expected.push_back(name);
    }
  }
  expected.push_back(70);
  EXPECT_EQ(order, expected);
}

TEST(Timers, RandomArmingAndCancellingKeepsTheOrder) {
  SimulatedReactor reactor;
  std::vector<int> order;
  std::mt19937 random(3);
  std::vector<std::unique_ptr<Noted>> timers;
  std::vector<int> due(300, -1);
  for (int i = 0; i < 300; ++i) timers.push_back(std::make_unique<Noted>(reactor.shard(), order, i));
  for (int step = 0; step < 3000; ++step) {
    const std::size_t which = random() % timers.size();
    if (random() % 3 == 0) {
      timers[which]->timer.cancel();
      due[which] = -1;
    } else {
      due[which] = static_cast<int>(random() % 100000);
      timers[which]->timer.arm(std::chrono::microseconds(due[which]));
    }
  }
  reactor.advance(1s);
  EXPECT_TRUE(std::ranges::is_sorted(order, {}, [&](int name) { return due[static_cast<std::size_t>(name)]; }));
  EXPECT_EQ(order.size(), static_cast<std::size_t>(std::ranges::count_if(due, [](int time) { return time >= 0; })));
}

TEST(Timers, OneThatArmsItselfForNowDoesNotKeepTheLoop) {
  SimulatedReactor reactor;
  struct Again {
    Timer timer;
    int count = 0;
    explicit Again(Shard& shard) : timer(shard, &Again::expired, this) {}
    static void expired(void* self) {
      auto& again = *static_cast<Again*>(self);
      ++again.count;
      again.timer.arm(0ms);
    }
  } again(reactor.shard());
  again.timer.arm(0ms);
  reactor.shard().turn(reactor.system().now());
  EXPECT_LE(again.count, 1);
  again.timer.cancel();
}

TEST(Gate, ClosesWhenTheLastUserHasLeft) {
  Gate gate;
  Gate::Pass first = gate.enter();
  Gate::Pass second = gate.enter();
  bool closed = false;
  const auto close = [](Gate& which, bool& done) -> Task<void> {
    co_await which.close();
    done = true;
  };
  spawn(close(gate, closed));
  EXPECT_FALSE(gate.enter());
  first = Gate::Pass();
  EXPECT_FALSE(closed);
  second = Gate::Pass();
  EXPECT_TRUE(closed);
  bool again = false;
  spawn(close(gate, again));
  EXPECT_TRUE(again);
}

TEST(SharedGate, ClosesWhenTheLastUserHasLeftAndCanBeOpenedAgain) {
  SimulatedReactor reactor;
  SharedGate gate;
  std::optional<SharedGate::Pass> user(gate.enter());
  EXPECT_FALSE(gate.try_close());
  EXPECT_TRUE(gate.enter()) << "it has stayed open";
  bool closed = false;
  spawn([](SharedGate& which, Shard& shard, bool& done) -> Task<void> {
    co_await which.close(shard);
    done = true;
  }(gate, reactor.shard(), closed));
  reactor.settle();
  EXPECT_FALSE(closed);
  EXPECT_FALSE(gate.enter());
  user.reset();
  reactor.settle();
  EXPECT_TRUE(closed);
  EXPECT_FALSE(gate.enter());
  gate.open();
  EXPECT_TRUE(gate.enter());
  EXPECT_TRUE(gate.try_close());
  EXPECT_FALSE(gate.enter());
}

TEST(Event, WaitersGoOnInTheOrderInWhichTheyCame) {
  Event event;
  std::vector<int> order;
  const auto wait = [](Event& what, std::vector<int>& into, int name) -> Task<void> {
    co_await what.wait();
    into.push_back(name);
  };
  for (int i = 0; i < 3; ++i) spawn(wait(event, order, i));
  EXPECT_TRUE(order.empty());
  event.set();
  spawn(wait(event, order, 3));
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
  event.reset();
  spawn(wait(event, order, 4));
  EXPECT_EQ(order.size(), 4U);
  event.set();
  EXPECT_EQ(order.size(), 5U);
}

struct CountingJob : BlockingWork {
  std::mutex* mutex = nullptr;
  std::set<std::thread::id>* threads = nullptr;
  std::atomic<int>* left = nullptr;
};

TEST(BlockingPool, NeverUsesMoreThreadsThanItsLimit) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<int> left = 100;
  std::vector<CountingJob> jobs(100);
  {
    BlockingPool pool(3);
    for (CountingJob& job : jobs) {
      job.mutex = &mutex;
      job.threads = &threads;
      job.left = &left;
      job.run = [](PostedWork& self) {
        auto& work = static_cast<CountingJob&>(self);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        const std::lock_guard lock(*work.mutex);
        work.threads->insert(std::this_thread::get_id());
        work.left->fetch_sub(1);
      };
      pool.submit(job);
    }
  }
  EXPECT_EQ(left.load(), 0);
  EXPECT_LE(threads.size(), 3U);
}

// Its function, as a job.
struct FunctionJob : BlockingWork {
  FunctionJob(BlockingLane its_lane, std::function<void()> its_function) : function(std::move(its_function)) {
    lane = its_lane;
    run = [](PostedWork& self) { static_cast<FunctionJob&>(self).function(); };
  }
  std::function<void()> function;
};

TEST(BlockingPool, AFileThatHangsKeepsItsShareOfTheThreadsAndNobodyElses) {
  std::latch released(1);
  std::atomic<unsigned> hung = 0;
  std::counting_semaphore<> begun(0);
  std::deque<FunctionJob> jobs;
  {
    BlockingPool pool(1);
    for (unsigned i = 0; i < 100; ++i) {
      pool.submit(jobs.emplace_back(BlockingLane{7}, [&] {
        ++hung;
        begun.release();
        released.wait();
      }));
    }
    for (unsigned i = 0; i < BlockingPool::most_of_one_file; ++i) begun.acquire();
    std::latch others(3);
    for (const BlockingLane lane : {BlockingLane::general, BlockingLane{8}, BlockingLane{0}}) {
      pool.submit(jobs.emplace_back(lane, [&] { others.count_down(); }));
    }
    others.wait();
    EXPECT_EQ(hung.load(), BlockingPool::most_of_one_file);
    released.count_down();
  }
  EXPECT_EQ(hung.load(), 100U);
}

TEST(IoError, ADeviceThatIsNotReachedIsNoBadMedium) {
  EXPECT_EQ(IoError::from_errno(ENOLINK).kind(), IoError::Kind::path_lost);
  EXPECT_EQ(IoError::from_errno(ETIMEDOUT).kind(), IoError::Kind::timed_out);
  EXPECT_EQ(IoError::from_errno(EBADE).kind(), IoError::Kind::reserved);
  EXPECT_EQ(IoError::from_errno(ENODATA).kind(), IoError::Kind::medium);
}

TEST(ShareOfEach, TheNextOfAFileBeginsWhenOneOfItsOwnHasLeft) {
  ShareOfEach<Operation, OperationList> shares;
  std::array<Operation, 4> operations;
  EXPECT_TRUE(shares.admit(5, 2, operations[0]));
  EXPECT_TRUE(shares.admit(5, 2, operations[1]));
  EXPECT_FALSE(shares.admit(5, 2, operations[2]));
  EXPECT_FALSE(shares.admit(5, 2, operations[3]));
  Operation other;
  EXPECT_TRUE(shares.admit(1000, 2, other));
  EXPECT_EQ(shares.leave(1000), nullptr);
  EXPECT_EQ(shares.leave(5), &operations[2]);
  EXPECT_EQ(shares.leave(5), &operations[3]);
  EXPECT_EQ(shares.leave(5), nullptr);
  EXPECT_EQ(shares.leave(5), nullptr);
  EXPECT_TRUE(shares.admit(5, 1, operations[0]));
}

TEST(Uevent, AMessageIsItsKeysAndValues) {
  static constexpr char message[] =
      "add@/devices/virtual/x\0ACTION=add\0DEVPATH=/devices/virtual/x\0SUBSYSTEM=scsi\0EMPTY=\0junk\0A=b=c\0";
  const auto event = Uevent::parse({reinterpret_cast<const std::uint8_t*>(message), sizeof message - 1});
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->values.size(), 5U);
  EXPECT_EQ(event->value("ACTION"), "add");
  EXPECT_EQ(event->value("EMPTY"), "");
  EXPECT_EQ(event->value("A"), "b=c");
  EXPECT_EQ(event->value("NOT"), "");
}

TEST(Uevent, WhatIsNoKernelMessageIsNone) {
  for (const std::string_view text :
       {std::string_view("libudev\0ACTION=add\0", 19), std::string_view("add@/x"), std::string_view()}) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    EXPECT_FALSE(Uevent::parse({bytes, text.size()}).has_value());
  }
}

TEST(OperationList, AnyOfItMayBeTakenOut) {
  OperationList list;
  std::array<Operation, 4> operations;
  for (Operation& operation : operations) list.append(operation);
  list.remove(operations[0]);
  list.remove(operations[2]);
  list.remove(operations[3]);
  list.append(operations[2]);
  EXPECT_EQ(list.take_first(), &operations[1]);
  EXPECT_EQ(list.take_first(), &operations[2]);
  EXPECT_EQ(list.take_first(), nullptr);
  EXPECT_TRUE(list.empty());
}

TEST(Threads, TheDescriptorLimitIsRaisedToTheHardOneAtLeast) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto raised = raise_descriptor_limit();
  ASSERT_TRUE(raised.has_value());
  EXPECT_GE(*raised, before.rlim_max);
  EXPECT_EQ(descriptor_limit(), *raised);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Threads, WhoeverMayRaisesTheHardLimitOfDescriptorsToo) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = std::min<rlim_t>(256, before.rlim_max),
                   .rlim_max = std::min<rlim_t>(1024, before.rlim_max)};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const bool may = ::setrlimit(RLIMIT_NOFILE, &before) == 0;
  ASSERT_EQ(may ? ::setrlimit(RLIMIT_NOFILE, &low) : 0, 0);
  const auto raised = raise_descriptor_limit();
  if (may) ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(raised.has_value());
  EXPECT_GE(*raised, may && before.rlim_max > low.rlim_max ? low.rlim_max + 1 : low.rlim_max);
}

TEST(Threads, AThreadHasTheNameThatItWasGiven) {
  char name[32] = {};
  auto thread =
      start_thread("a-name-that-is-too-long", [&name] { ::pthread_getname_np(::pthread_self(), name, sizeof name); });
  ASSERT_TRUE(thread.has_value());
  thread->join();
  EXPECT_STREQ(name, "a-name-that-is-");
  EXPECT_GE(usable_cpus(), 1U);
}

}  // namespace
}  // namespace tgt
