// SPDX-License-Identifier: Apache-2.0
#include "store/shared_flush.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <deque>
#include <optional>

#include "reactor/event.h"
#include "reactor/simulated_reactor.h"
#include "store/file_store.h"

namespace tgt {
namespace {

using Outcome = SharedFlush::Outcome;
using Outcomes = std::array<std::optional<Outcome>, 3>;

Task<void> keep(Task<Outcome> flush, std::optional<Outcome>& to) { to.emplace(co_await std::move(flush)); }

// Flushes that end when the test says so.
class SharedFlushTest : public testing::Test {
 protected:
  void start(std::size_t who) {
    Shard& shard = reactor_.shard(who % 2);
    spawn(keep(shared_.run(shard, [this] { return flush(); }), outcomes_[who]));
    reactor_.settle();
  }
  void end_flush(Outcome outcome) {
    calls_.back().outcome = std::move(outcome);
    calls_.back().ended.set();
    reactor_.settle();
  }

  struct Call {
    Event ended;
    Outcome outcome;
  };
  Task<Outcome> flush() {
    Call& call = calls_.emplace_back();
    co_await call.ended.wait();
    co_return call.outcome;
  }

  SimulatedReactor reactor_{{.shards = 2}};
  SharedFlush shared_;
  std::deque<Call> calls_;
  Outcomes outcomes_;
};

TEST_F(SharedFlushTest, WhoComesWhileOneIsUnderWayWaitsForTheNextOneAndSharesIt) {
  for (const std::size_t who : {0u, 1u, 2u}) start(who);
  EXPECT_EQ(calls_.size(), 1u);
  end_flush({});
  EXPECT_TRUE(outcomes_[0]->has_value());
  EXPECT_FALSE(outcomes_[1] || outcomes_[2]) << "what they wrote may have come too late for the first one";
  EXPECT_EQ(calls_.size(), 2u);
  end_flush({});
  EXPECT_TRUE(outcomes_[1]->has_value() && outcomes_[2]->has_value());
  EXPECT_EQ(calls_.size(), 2u);
}

TEST_F(SharedFlushTest, OneThatFailedIsNobodyElses) {
  for (const std::size_t who : {0u, 1u}) start(who);
  end_flush(failure(IoFault{.kind = IoFault::Kind::cancelled}));
  EXPECT_FALSE(outcomes_[0]->has_value());
  EXPECT_FALSE(outcomes_[1]);
  end_flush({});
  EXPECT_TRUE(outcomes_[1]->has_value());
  EXPECT_EQ(calls_.size(), 2u);
}

class FlushOfAFileTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  std::unique_ptr<BlockStore> store_over(int file, FileStore::Caching caching) {
    return FileStore::over(File::adopt(file, {.size = 1 << 16}), {.path = "file", .caching = caching});
  }
  SimulatedReactor reactor_{{.shards = 2, .system = {.seed = GetParam(), .delays_percent = 50}}};
  Outcomes outcomes_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, FlushOfAFileTest, testing::Range<std::uint64_t>(1, 33));

// As the kernel does it: one caller of fsync is told, and whose bytes they were nobody knows.
TEST_P(FlushOfAFileTest, NoneIsGoodOnceOneOfThemFoundBytesLost) {
  const int file = reactor_.system().make_file(1 << 16);
  const auto store = store_over(file, FileStore::Caching::buffered);
  reactor_.system().fail_next(file, Operation::Kind::sync_data, IoError::from_errno(EIO));
  for (std::size_t who = 0; who < 3; ++who) {
    spawn(keep(store->flush(reactor_.shard(who % 2)), outcomes_[who]));
  }
  reactor_.settle();
  for (const auto& outcome : outcomes_) {
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->has_value());
  }
  EXPECT_TRUE(reactor_.run(store->close(reactor_.shard())));
}

TEST_P(FlushOfAFileTest, NoSynchronousWriteIsGoodOnceOneOfThemFoundBytesLost) {
  const int file = reactor_.system().make_file(1 << 16);
  const auto store = store_over(file, FileStore::Caching::synchronous);
  const std::vector<std::uint8_t> bytes(4096, 1);
  reactor_.system().fail_next(file, Operation::Kind::sync_data, IoError::from_errno(EIO));
  for (std::size_t who = 0; who < 3; ++who) {
    spawn(keep(store->write_all(reactor_.shard(who % 2), bytes, who * bytes.size()), outcomes_[who]));
  }
  reactor_.settle();
  for (const auto& outcome : outcomes_) {
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->has_value());
  }
  spawn(keep(store->flush(reactor_.shard()), outcomes_[0]));
  reactor_.settle();
  EXPECT_FALSE(outcomes_[0]->has_value());
  EXPECT_TRUE(reactor_.run(store->close(reactor_.shard())));
}

TEST_P(FlushOfAFileTest, WhatASynchronousFileGivesBackIsDurableToo) {
  for (const bool zeros : {true, false}) {
    const int file = reactor_.system().make_file(1 << 16);
    const auto store = store_over(file, FileStore::Caching::synchronous);
    reactor_.system().fail_next(file, Operation::Kind::sync_data, IoError::from_errno(EIO));
    spawn(keep(zeros ? store->write_zeros(reactor_.shard(), 0, 4096) : store->discard(reactor_.shard(), 0, 4096),
               outcomes_[0]));
    reactor_.settle();
    EXPECT_FALSE(outcomes_[0]->has_value());
    EXPECT_TRUE(reactor_.run(store->close(reactor_.shard())));
  }
}

}  // namespace
}  // namespace tgt
