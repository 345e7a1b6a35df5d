// SPDX-License-Identifier: Apache-2.0
#include "device/disk/disk_fixture.h"

namespace tgt {
namespace {

using testing::ElementsAreArray;

using Changed = Result<MediumChange, std::string>;

class MediumTest : public DiskFixture {
 protected:
  static constexpr const char* of_the_fixture = "None";  // the path of a FaultStore

  Changed change(const std::string& path) {
    std::optional<Changed> result;
    bench().reactor().run([](Disk& disk, Shard& shard, std::string to, std::optional<Changed>& out) -> Task<void> {
      if (disk.is_other_medium(to)) {
        out.emplace(co_await disk.change_medium(shard, std::move(to)));
      } else {
        out.emplace(co_await disk.follow_medium(shard));
      }
    }(disk(), bench().reactor().shard(), path, result));
    return result.value_or(failure(std::string("it did not end")));
  }
  // A change that has begun; the reactor moves it on.
  std::shared_ptr<std::optional<Changed>> begin_to_change(const std::string& path) {
    auto result = std::make_shared<std::optional<Changed>>();
    spawn([](Disk& disk, Shard& shard, std::string to, std::shared_ptr<std::optional<Changed>> out) -> Task<void> {
      out->emplace(co_await disk.change_medium(shard, std::move(to)));
    }(disk(), bench().reactor().shard(), path, result));
    return result;
  }
  // A disk has this open.
  bool holds(const std::string& path) { return disk().describe().store_path == path; }
  // What the disk does with its cache after MODE SELECT or a reset.
  std::shared_ptr<bool> begin_to_settle() {
    auto ended = std::make_shared<bool>(false);
    spawn([](Disk& disk, Shard& shard, std::shared_ptr<bool> end) -> Task<void> {
      const auto unsettled = co_await disk.settle(shard);
      EXPECT_FALSE(unsettled);
      *end = true;
    }(disk(), bench().reactor().shard(), ended));
    return ended;
  }
  std::shared_ptr<bool> begin_to_close() {
    auto ended = std::make_shared<bool>(false);
    spawn([](Disk& disk, Shard& shard, std::shared_ptr<bool> end) -> Task<void> {
      co_await disk.close(shard);
      *end = true;
    }(disk(), bench().reactor().shard(), ended));
    return ended;
  }
  static constexpr auto cache_off = "8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0";
  static constexpr auto cache_on = "8:0:18:0x14:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0";
  void make_removable(std::uint64_t next_capacity, const FaultStore::Script& script = {}, Duration load_takes = {}) {
    Disk::Options options;
    options.removable = true;
    options.load = [=, this](Shard& shard, std::string path) -> Task<Result<std::unique_ptr<BlockStore>, std::string>> {
      if (load_takes > Duration{}) co_await shard.sleep(load_takes);
      if (path == "/missing") co_return failure(std::string("/missing: not found"));
      if (path == "/held" && holds(path)) co_return failure(std::string("/held: in use"));
      co_return std::move(*MemoryStore::open(next_capacity));
    };
    make(script, std::move(options));
  }
};

TEST_F(MediumTest, AStoreThatHasShrunkMakesASmallerDisk) {
  make({.capacity = 1 << 20, .capacity_later = 1 << 19}, {});
  put(0, pattern(4, 1));
  const auto changed = change(of_the_fixture);
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(*changed, MediumChange::capacity);
  EXPECT_EQ(disk().capacity().value, 1024u);
  expect_sense(send({0x28, 0, 0, 0, 4, 0, 0, 0, 1, 0}), Sense::lba_out_of_range(1024));
  EXPECT_THAT(get(0, 4), ElementsAreArray(pattern(4, 1)));
  EXPECT_EQ(change(of_the_fixture).value_or(MediumChange::medium), MediumChange::none);
}

TEST_F(MediumTest, ADiskOfNoBlocksKeepsTheCapacityThatInitiatorsKnow) {
  make({.capacity = 1 << 20, .capacity_later = 100}, {});
  EXPECT_FALSE(change(of_the_fixture).has_value());
  EXPECT_EQ(disk().capacity().value, 2048u);
}

TEST_F(MediumTest, AnotherMediumGoesInOnceTheOneThatIsInIsOut) {
  make_removable(1 << 18);
  EXPECT_FALSE(change("/other").has_value()) << "there is one in it";
  EXPECT_EQ(send({0x1b, 0, 0, 0, 0x02, 0}).status, Status::good);
  const auto changed = change("/other");
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(*changed, MediumChange::medium);
  EXPECT_EQ(disk().capacity().value, 512u);
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(MediumTest, TellsThePhysicalBlocksOfTheMediumThatIsIn) {
  FaultStore::Script next{.physical_block_size = 4096, .alignment_offset = 3584};
  Disk::Options options;
  options.removable = true;
  options.load = [&next](Shard&, std::string) -> Task<Result<std::unique_ptr<BlockStore>, std::string>> {
    co_return std::make_unique<FaultStore>(next);
  };
  make({}, std::move(options));
  const auto change_to_next = [this] {
    EXPECT_EQ(send({0x1b, 0, 0, 0, 0x02, 0}).status, Status::good);
    EXPECT_TRUE(change("/other").has_value());
    return send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data;
  };
  auto capacity = change_to_next();
  EXPECT_EQ(capacity[13], 3);
  EXPECT_EQ(capacity[15], 7);
  EXPECT_TRUE(disk().configure("lbppbe", "1"));
  next = {.physical_block_size = 8192};
  capacity = change_to_next();
  EXPECT_EQ(capacity[13], 1) << "as the administrator said";
  EXPECT_EQ(capacity[15], 0);
}

TEST_F(MediumTest, AMediumThatIsBeingErasedStaysInUntilThatHasEnded) {
  make_removable(1 << 18);
  const std::vector<std::uint8_t> overwrite{0x48, 0x81, 0, 0, 0, 0, 0, 0, 5, 0};
  EXPECT_EQ(send(overwrite, {1, 0, 0, 1, 7}).status, Status::good);
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_FALSE(change("/other").has_value());
  bench().reactor().advance(std::chrono::seconds(1));
  EXPECT_TRUE(change("/other").has_value());
  EXPECT_EQ(send(overwrite, {1, 0, 0, 1, 7}).status, Status::good) << "it can be erased as well";
}

TEST_F(MediumTest, AMediumThatCannotBeOpenedLeavesTheDiskEmpty) {
  make_removable(1 << 18);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 0x02, 0}).status, Status::good);
  EXPECT_EQ(change("/missing").error(), "/missing: not found");
  expect_sense(send({0, 0, 0, 0, 0, 0}), Sense::medium_not_present());
}

TEST_F(MediumTest, AMediumOfLessThanABlockIsRefused) {
  make_removable(100);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 0x02, 0}).status, Status::good);
  EXPECT_FALSE(change("/small").has_value());
  expect_sense(send({0, 0, 0, 0, 0, 0}), Sense::medium_not_present());
}

TEST_F(MediumTest, AFixedDiskKeepsItsMedium) {
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_FALSE(change("/other").has_value());
}

TEST_F(MediumTest, WhileTheOldMediumIsFlushedOutNoOtherChangeBegins) {
  make_removable(1 << 18, {.flush_takes = 1s});
  EXPECT_TRUE(disk().configure("online", "0"));
  const auto first = begin_to_change("/first");
  const auto second = begin_to_change("/second");
  const auto same = begin_to_change(of_the_fixture);
  ASSERT_TRUE(second->has_value() && same->has_value());
  EXPECT_EQ((*second)->error(), "another change of its medium is under way");
  EXPECT_EQ((*same)->error(), "another change of its medium is under way");
  EXPECT_FALSE(disk().configure("online", "1")) << "there is no medium just now";
  EXPECT_EQ(disk().describe().store_path, "None");
  bench().reactor().advance(2s);
  ASSERT_TRUE(first->has_value());
  EXPECT_TRUE((*first)->has_value());
  EXPECT_EQ(disk().capacity().value, 512u);
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_TRUE(change("/third").has_value()) << "the next one may";
}

TEST_F(MediumTest, AMediumThatComesBackWhileAnotherIsOpenedStays) {
  make_removable(1 << 18, {}, 1s);
  EXPECT_TRUE(disk().configure("online", "0"));
  const auto changed = begin_to_change("/other");
  EXPECT_TRUE(disk().configure("online", "1"));
  bench().reactor().advance(2s);
  ASSERT_TRUE(changed->has_value());
  EXPECT_FALSE((*changed)->has_value());
  EXPECT_EQ(disk().capacity().value, blocks);
  EXPECT_EQ(get(0, 1).size(), 512u);
}

TEST_F(MediumTest, ADiskIsClosedAfterTheChangeThatIsUnderWay) {
  make_removable(1 << 18, {}, 1s);
  EXPECT_TRUE(disk().configure("online", "0"));
  const auto changed = begin_to_change("/other");
  const auto closed = begin_to_close();
  EXPECT_FALSE(*closed);
  bench().reactor().advance(2s);
  EXPECT_TRUE(*closed);
  ASSERT_TRUE(changed->has_value());
  EXPECT_TRUE((*changed)->has_value());
  EXPECT_EQ(change("/late").error(), "it is being removed");
}

TEST_F(MediumTest, ADiskIsClosedAfterItsCacheWasWrittenOutAndTouchesNothingAfterwards) {
  make_removable(1 << 18, {.flush_takes = 1s});
  EXPECT_TRUE(disk().configure("mode_page", cache_off));
  const auto settled = begin_to_settle();
  const auto closed = begin_to_close();
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_EQ(disk().describe().store_type, "fault") << "it is being flushed";
  bench().reactor().advance(3s);
  EXPECT_TRUE(*settled && *closed);
  EXPECT_EQ(disk().describe().store_path, "None");
  EXPECT_TRUE(disk().configure("mode_page", cache_on));
  EXPECT_TRUE(disk().configure("mode_page", cache_off));
  EXPECT_TRUE(*begin_to_settle());
}

TEST_F(MediumTest, WhatItsMediumIsInIsKnownUntilThatIsClosed) {
  make_removable(1 << 18, {.flush_takes = 1s, .path = "/held"});
  EXPECT_EQ(disk().medium_identity(), "/held");
  EXPECT_TRUE(disk().configure("online", "0"));
  const auto changed = begin_to_change("/other");
  EXPECT_EQ(disk().describe().store_path, "None");
  EXPECT_EQ(disk().medium_identity(), "/held") << "what was written may still be on its way";
  bench().reactor().advance(2s);
  ASSERT_TRUE(changed->has_value() && (*changed)->has_value());
  EXPECT_EQ(disk().medium_identity(), "") << "a memory is nobody else's";
}

TEST_F(MediumTest, TheCacheIsWrittenOutAlsoWhileTheMediumIsOut) {
  make_removable(1 << 18);
  put(0, pattern(1, 1));
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_TRUE(disk().configure("mode_page", cache_off));
  EXPECT_TRUE(*begin_to_settle());
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_TRUE(disk().configure("mode_page", cache_on));
  EXPECT_TRUE(disk().configure("mode_page", cache_off));
  store().script().flush_fails = true;
  std::optional<Sense> unsettled;
  EXPECT_TRUE(bench().reactor().run([](Disk& disk, Shard& shard, std::optional<Sense>& sense) -> Task<void> {
    sense = co_await disk.settle(shard);
  }(disk(), bench().reactor().shard(), unsettled)));
  EXPECT_EQ(unsettled, Sense::write_error());
  EXPECT_TRUE(disk().write_cache_enabled());
}

TEST_F(MediumTest, AMediumThatStaysAfterAllIsWrittenOutWhenTheCacheWasSwitchedOffMeanwhile) {
  make_removable(1 << 18, {}, 1s);
  EXPECT_TRUE(disk().configure("online", "0"));
  const auto changed = begin_to_change("/missing");
  EXPECT_TRUE(disk().configure("mode_page", cache_off));
  EXPECT_TRUE(*begin_to_settle());
  EXPECT_EQ(store().flushes, 0u) << "the store may be about to go";
  bench().reactor().advance(2s);
  ASSERT_TRUE(changed->has_value());
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(MediumTest, AMediumOfTheSameNameIsOpenedAnewWhenTheOneBeforeIsOut) {
  make_removable(1 << 18, {.path = "/held"});
  EXPECT_EQ(change("/held").value_or(MediumChange::medium), MediumChange::none) << "that in use is looked at";
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  const auto changed = change("/held");
  ASSERT_TRUE(changed.has_value()) << changed.error();
  EXPECT_EQ(*changed, MediumChange::medium);
  EXPECT_EQ(disk().capacity().value, 512u);
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(MediumTest, WhenAMediumOfTheSameNameCannotBeOpenedThereIsNone) {
  make_removable(1 << 18, {.path = "/missing"});
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  EXPECT_EQ(change("/missing").error(), "/missing: not found");
  EXPECT_FALSE(disk().configure("online", "1"));
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::check_condition);
  expect_sense(send({0, 0, 0, 0, 0, 0}), Sense::medium_not_present());
  EXPECT_FALSE(disk().describe().online);
  EXPECT_EQ(disk().describe().store_path, "None");
  EXPECT_TRUE(change("/other").has_value());
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(MediumTest, AFixedDiskThatIsOfflineLooksAtItsMediumAgain) {
  make({.capacity = 1 << 20, .capacity_later = 1 << 19}, {});
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_EQ(change(of_the_fixture).value_or(MediumChange::medium), MediumChange::capacity);
}

}  // namespace
}  // namespace tgt
