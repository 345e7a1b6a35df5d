// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "store/cow_store.h"
#include "store/delay_store.h"
#include "store/error_store.h"
#include "store/file_store.h"
#include "store/memory_store.h"
#include "store/null_store.h"
#include "store/open_store.h"
#include "store/power_cut_store.h"
#include "store/read_only_store.h"
#include "store/store_bench.h"
#include "store/store_options.h"

namespace tgt {
namespace {

using testing::Each;
using testing::HasSubstr;

class FilterTest : public StoreTest {
 protected:
  static constexpr std::uint64_t capacity = 1 << 20;
  static std::unique_ptr<BlockStore> memory() { return std::move(*MemoryStore::open(capacity)); }
};

Task<std::vector<std::uint8_t>> bytes_at(Shard& shard, BlockStore& store, std::uint64_t offset, std::size_t length) {
  std::vector<std::uint8_t> bytes(length, 0xee);
  const auto read = co_await store.read_all(shard, bytes, offset);
  EXPECT_TRUE(read.has_value());
  co_return bytes;
}

TEST_P(FilterTest, AReadOnlyStoreReadsAndTakesNoChange) {
  run([](Shard& shard) -> Task<void> {
    ReadOnlyStore store(memory());
    EXPECT_TRUE(store.read_only());
    EXPECT_FALSE(store.can_discard());
    const auto write = co_await store.write_all(shard, pattern(512), 0);
    EXPECT_EQ(write.error().kind, IoFault::Kind::read_only);
    const auto zeros = co_await store.write_zeros(shard, 0, 512);
    EXPECT_EQ(zeros.error().kind, IoFault::Kind::read_only);
    const auto discard = co_await store.discard(shard, 0, 512);
    EXPECT_EQ(discard.error().kind, IoFault::Kind::read_only);
    EXPECT_THAT(co_await bytes_at(shard, store, 0, 512), Each(0));
  });
}

TEST_P(FilterTest, ADelayedStoreDoesTheSameLater) {
  run([](Shard& shard) -> Task<void> {
    DelayStore store(memory(), 20ms);
    const TimePoint before = shard.now();
    const auto write = co_await store.write_all(shard, pattern(4096), 4096);
    EXPECT_TRUE(write.has_value());
    EXPECT_GE(shard.now() - before, 20ms);
    EXPECT_EQ(co_await bytes_at(shard, store, 4096, 4096), pattern(4096));
    EXPECT_GE(shard.now() - before, 40ms);
  });
}

TEST_P(FilterTest, AnErrorInTheMiddleTellsHowMuchWasDone) {
  run([](Shard& shard) -> Task<void> {
    ErrorStore store(memory(), {.from = 8192, .length = 512});
    const auto write = co_await store.write_all(shard, pattern(8192), 4096);
    EXPECT_EQ(write.error().kind, IoFault::Kind::medium);
    EXPECT_EQ(write.error().done, 4096u);
    auto whole = pattern(8192);
    whole.resize(4096);
    EXPECT_EQ(co_await bytes_at(shard, store, 4096, 4096), whole);
    const auto behind = co_await store.write_all(shard, pattern(512), 8704);
    EXPECT_TRUE(behind.has_value());
    const auto flush = co_await store.flush(shard);
    EXPECT_TRUE(flush.has_value()) << "only a range is bad";
    const auto zeros = co_await store.write_zeros(shard, 8000, 4096);
    EXPECT_FALSE(zeros.has_value());
  });
}

TEST_P(FilterTest, ErrorsBeginAfterTheOperationsThatWereAskedFor) {
  run([](Shard& shard) -> Task<void> {
    ErrorStore store(memory(), {.fault = IoFault::Kind::no_space, .on = ErrorStore::On::writes, .after = 2});
    for (int good = 0; good < 2; ++good) {
      const auto write = co_await store.write_all(shard, pattern(512), 0);
      EXPECT_TRUE(write.has_value());
    }
    const auto write = co_await store.write_all(shard, pattern(512), 0);
    EXPECT_EQ(write.error().kind, IoFault::Kind::no_space);
    EXPECT_EQ(co_await bytes_at(shard, store, 0, 512), pattern(512));
    const auto flush = co_await store.flush(shard);
    EXPECT_FALSE(flush.has_value());
  });
}

TEST_P(FilterTest, AnOverlayTakesTheWritesAndLeavesTheStoreBelowAlone) {
  run([](Shard& shard) -> Task<void> {
    auto base = memory();
    BlockStore& below = *base;
    auto done = co_await below.write_all(shard, pattern(16384), 0);
    EXPECT_TRUE(done.has_value());
    CowStore store(std::move(base), 65536);
    const std::vector<std::uint8_t> change(1024, 0x55);
    done = co_await store.write_all(shard, change, 3584);  // over the border of two pieces
    EXPECT_TRUE(done.has_value());
    auto expected = pattern(16384);
    copy_bytes(change, MutableBytes(expected).subspan(3584));
    EXPECT_EQ(co_await bytes_at(shard, store, 0, 16384), expected);
    EXPECT_EQ(co_await bytes_at(shard, store, 3584, 1024), change);
    EXPECT_EQ(co_await bytes_at(shard, below, 0, 16384), pattern(16384));
    done = co_await store.write_zeros(shard, 0, 4096);
    EXPECT_TRUE(done.has_value());
    EXPECT_THAT(co_await bytes_at(shard, store, 0, 4096), Each(0));
  });
}

TEST_P(FilterTest, AFullOverlayHasNoSpaceAndKeepsWhatItHas) {
  run([](Shard& shard) -> Task<void> {
    CowStore store(memory(), 8192);
    const auto write = co_await store.write_all(shard, pattern(16384), 0);
    EXPECT_EQ(write.error().kind, IoFault::Kind::no_space);
    EXPECT_EQ(write.error().done, 8192u);
    const auto again = co_await store.write_all(shard, pattern(8192), 0);
    EXPECT_TRUE(again.has_value());
    EXPECT_EQ(co_await bytes_at(shard, store, 0, 8192), pattern(8192));
    EXPECT_THAT(co_await bytes_at(shard, store, 8192, 8192), Each(0));
  });
}

TEST_P(FilterTest, AfterAPowerCutThereIsWhatWasFlushedAndNothingElse) {
  run([](Shard& shard) -> Task<void> {
    PowerCutStore store(memory());
    auto done = co_await store.write_all(shard, pattern(4096), 0);
    EXPECT_EQ(co_await bytes_at(shard, store, 0, 4096), pattern(4096)) << "its cache answers before the flush";
    done = co_await store.flush(shard);
    EXPECT_TRUE(done.has_value());
    const std::vector<std::uint8_t> change(1024, 0x55);
    done = co_await store.write_all(shard, change, 512);
    done = co_await store.write_all(shard, change, 8192);
    store.cut();
    EXPECT_EQ(co_await bytes_at(shard, store, 0, 4096), pattern(4096));
    EXPECT_THAT(co_await bytes_at(shard, store, 8192, 1024), Each(0));
  });
}

// The disk of a host that writes, flushes and loses power at random: a model of what must be there is kept beside it.
TEST_P(FilterTest, WhatWasFlushedSurvivesTwoHundredPowerCuts) {
  run([](Shard& shard) -> Task<void> {
    constexpr std::uint64_t sectors = 256;
    std::mt19937 random(7);
    PowerCutStore store(memory());
    std::vector<std::uint8_t> flushed(sectors, 0);
    std::vector<std::uint8_t> now(sectors, 0);
    for (int cuts = 0; cuts < 200;) {
      const unsigned dice = random() % 16;
      if (dice == 0) {
        store.cut();
        now = flushed;
        ++cuts;
        std::vector<std::uint8_t> expected;
        for (const std::uint8_t value : flushed) expected.insert(expected.end(), 512, value);
        const bool same = co_await bytes_at(shard, store, 0, sectors * 512) == expected;
        EXPECT_TRUE(same) << "after cut " << cuts;
      } else if (dice < 3) {
        const auto done = co_await store.flush(shard);
        EXPECT_TRUE(done.has_value());
        flushed = now;
      } else {
        const std::uint64_t sector = random() % sectors;
        now[sector] = static_cast<std::uint8_t>(random());
        const std::vector<std::uint8_t> bytes(512, now[sector]);
        const auto done = co_await store.write_all(shard, bytes, sector * 512);
        EXPECT_TRUE(done.has_value());
      }
    }
  });
}

TEST_P(FilterTest, AStoreIsOpenedWithTheFiltersThatItsOptionsName) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store =
        co_await open_store(shard, {.type = "rdwr", .path = path, .options = "cow=4096;error=eio;error_at=4096"});
    EXPECT_TRUE(store.has_value()) << store.error();
    EXPECT_EQ((*store)->describe().path, path);
    EXPECT_FALSE((*store)->read_only());
    auto done = co_await (*store)->write_all(shard, pattern(8192), 0);
    EXPECT_EQ(done.error().done, 4096u);
    EXPECT_EQ(done.error().kind, IoFault::Kind::medium);
    co_await (*store)->close(shard);
    store = co_await open_store(shard, {.type = "rdwr", .path = path, .options = "readonly=1"});
    EXPECT_TRUE((*store)->read_only());
    EXPECT_THAT(co_await bytes_at(shard, **store, 0, 8192), Each(0)) << "the overlay has gone";
    store = co_await open_store(shard, {.type = "null", .options = "size=9223372036854775807"});
    EXPECT_EQ((*store)->capacity(), 9223372036854775807u);
  });
}

TEST_P(FilterTest, AStoreThatCannotBeOpenedSaysWhy) {
  run([&](Shard& shard) -> Task<void> {
    const auto missing = co_await open_store(shard, {.type = "rdwr", .path = "/nonexistent"});
    EXPECT_THAT(missing.error(), HasSubstr("/nonexistent"));
    const auto unknown = co_await open_store(shard, {.type = "cloud", .path = "/x"});
    EXPECT_THAT(unknown.error(), HasSubstr("cloud"));
    const auto sizeless = co_await open_store(shard, {.type = "memory"});
    EXPECT_THAT(sizeless.error(), HasSubstr("size=64M"));
    const auto huge = co_await open_store(shard, {.type = "null", .options = "size=9223372036854775808"});
    EXPECT_FALSE(huge.has_value());
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, FilterTest, testing::Values(Reactor::BackendChoice::automatic));

TEST(StoreOptions, AreReadAndUnknownOnesRefused) {
  const auto options = StoreOptions::parse("readonly=1;cow=64M;delay=5;error=enospc;error_on=write;error_after=3");
  ASSERT_TRUE(options.has_value());
  EXPECT_TRUE(options->read_only);
  EXPECT_EQ(options->copy_on_write, std::uint64_t{64} << 20);
  EXPECT_EQ(options->delay, Duration(5ms));
  ASSERT_TRUE(options->error);
  EXPECT_EQ(options->error->fault, IoFault::Kind::no_space);
  EXPECT_EQ(options->error->on, ErrorStore::On::writes);
  EXPECT_EQ(options->error->after, 3u);
  EXPECT_TRUE(StoreOptions::parse("").has_value());
  for (const char* wrong : {"readonly=yes", "readonly", "cow=", "cow=x", "delay=-1", "delay=99999999999", "error=1",
                            "error_at=0", "error=eio;error_on=all", "sise=64M", "=", "shared=2"}) {
    EXPECT_FALSE(StoreOptions::parse(wrong).has_value()) << wrong;
  }
}

TEST(Overlay, TakesPartsOfPiecesAndLaysThemOverOthers) {
  Overlay overlay(1 << 20);
  EXPECT_EQ(overlay.put(std::vector<std::uint8_t>(512, 1), 512), 512u);
  EXPECT_EQ(overlay.put(std::vector<std::uint8_t>(8192, 2), 3584), 8192u);
  EXPECT_TRUE(overlay.holds(3584, 8192));
  EXPECT_FALSE(overlay.holds(3072, 1024));
  EXPECT_EQ(overlay.bytes(), 3u * 4096);
  std::vector<std::uint8_t> data(16384, 9);
  overlay.cover(data, 0);
  EXPECT_THAT(Bytes(data).first(512), Each(9));
  EXPECT_THAT(Bytes(data).subspan(512, 512), Each(1));
  EXPECT_THAT(Bytes(data).subspan(1024, 2560), Each(9));
  EXPECT_THAT(Bytes(data).subspan(3584, 8192), Each(2));
  EXPECT_THAT(Bytes(data).subspan(11776), Each(9));
}

}  // namespace
}  // namespace tgt
