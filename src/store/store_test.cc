// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "store/file_store.h"
#include "store/memory_store.h"
#include "store/null_store.h"
#include "store/read_only_store.h"
#include "store/store_bench.h"

namespace tgt {
namespace {

using testing::Each;

// What every store that keeps its bytes must do.
Task<void> expect_keeps_bytes(Shard& shard, BlockStore& store) {
  const auto written = pattern(8192);
  std::vector<std::uint8_t> read(8192, 0xee);
  const auto write = co_await store.write_all(shard, written, 4096);
  EXPECT_TRUE(write.has_value());
  const auto flushed = co_await store.flush(shard);
  EXPECT_TRUE(flushed.has_value());
  const auto all = co_await store.read_all(shard, read, 4096);
  EXPECT_TRUE(all.has_value());
  EXPECT_EQ(read, written);
  const auto before = co_await store.read_all(shard, MutableBytes(read).first(4096), 0);
  EXPECT_TRUE(before.has_value());
  EXPECT_THAT(MutableBytes(read).first(4096), Each(0));
}

Task<void> expect_discard_reads_zeros(Shard& shard, BlockStore& store) {
  const auto written = pattern(16384);
  std::vector<std::uint8_t> read(16384, 0xee);
  const auto write = co_await store.write_all(shard, written, 0);
  EXPECT_TRUE(write.has_value());
  const auto discarded = co_await store.discard(shard, 512, 12288);
  EXPECT_TRUE(discarded.has_value());
  const auto all = co_await store.read_all(shard, read, 0);
  EXPECT_TRUE(all.has_value());
  EXPECT_THAT(MutableBytes(read).subspan(512, 12288), Each(0));
  EXPECT_EQ(read[511], written[511]);
  EXPECT_EQ(read[12800], written[12800]);
}

TEST_P(StoreTest, AMemoryStoreKeepsItsBytes) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(1 << 20);
    EXPECT_EQ((*store)->capacity(), 1u << 20);
    co_await expect_keeps_bytes(shard, **store);
  });
}

TEST_P(StoreTest, AMemoryStoreThatDiscardsReadsZeros) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(1 << 20);
    co_await expect_discard_reads_zeros(shard, **store);
  });
}

TEST_P(StoreTest, AMemoryStoreTellsWhatTakesSpace) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(65536 + 512);
    const auto bytes = pattern(4096);
    auto done = co_await (*store)->write_all(shard, bytes, 8192);
    EXPECT_TRUE(done.has_value());
    auto extent = co_await (*store)->extent_at(shard, 512);
    EXPECT_FALSE(extent->allocated);
    EXPECT_EQ(extent->length, 8192u - 512u);
    extent = co_await (*store)->extent_at(shard, 8192);
    EXPECT_TRUE(extent->allocated);
    EXPECT_EQ(extent->length, 4096u);
    extent = co_await (*store)->extent_at(shard, 12288);
    EXPECT_FALSE(extent->allocated);
    EXPECT_EQ(extent->length, 65536u + 512u - 12288u);
    done = co_await (*store)->discard(shard, 8192 + 512, 4096);
    extent = co_await (*store)->extent_at(shard, 8192);
    EXPECT_TRUE(extent->allocated) << "a part of the piece is still used";
    done = co_await (*store)->discard(shard, 8192, 4096);
    extent = co_await (*store)->extent_at(shard, 0);
    EXPECT_FALSE(extent->allocated);
    EXPECT_EQ(extent->length, 65536u + 512u);
  });
}

TEST_P(StoreTest, AMemoryStoreTellsHowMuchSpaceItTakes) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(65536 + 512);
    EXPECT_TRUE((*store)->knows_space());
    for (unsigned again = 0; again < 2; ++again) {
      const auto written = co_await (*store)->write_all(shard, pattern(8192), 4096);
      EXPECT_TRUE(written.has_value());
    }
    auto space = co_await (*store)->space(shard);
    EXPECT_EQ(space->used, 8192u);
    EXPECT_EQ(space->available, 65536u + 512u - 8192u);
    for (unsigned again = 0; again < 2; ++again) {
      const auto discarded = co_await (*store)->discard(shard, 4096, 4096);
      EXPECT_TRUE(discarded.has_value());
    }
    space = co_await (*store)->space(shard);
    EXPECT_EQ(space->used, 4096u);
  });
}

TEST_P(StoreTest, AFileTellsHowMuchSpaceItTakesAndWhatIsLeft) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    EXPECT_TRUE((*store)->knows_space());
    const auto before = co_await (*store)->space(shard);
    EXPECT_LT(before->used, 65536u);
    EXPECT_LE(before->available, 1u << 20);
    EXPECT_TRUE(before->available_is_shared);
    const auto written = co_await (*store)->write_all(shard, pattern(65536), 262144);
    EXPECT_TRUE(written.has_value());
    const auto flushed = co_await (*store)->flush(shard);
    EXPECT_TRUE(flushed.has_value());
    const auto after = co_await (*store)->space(shard);
    EXPECT_GE(after->used, 65536u);
    EXPECT_LE(after->used, 1u << 20);
  });
}

TEST_P(StoreTest, AStoreThatDoesNotKnowSaysThatEverythingTakesSpace) {
  run([](Shard& shard) -> Task<void> {
    auto store = NullStore::open(8192);
    const auto extent = co_await (*store)->extent_at(shard, 512);
    EXPECT_TRUE(extent->allocated);
    EXPECT_EQ(extent->length, 7680u);
    EXPECT_FALSE((*store)->knows_space());
    const auto space = co_await (*store)->space(shard);
    EXPECT_EQ(space.error().kind, IoFault::Kind::not_supported);
  });
}

TEST_P(StoreTest, AMemoryStoreDoesNothingBeyondItsEnd) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(8192);
    std::vector<std::uint8_t> bytes(4096);
    for (const std::uint64_t offset : {std::uint64_t{4097}, std::uint64_t{8193}, ~std::uint64_t{0}}) {
      const auto read = co_await (*store)->read(shard, bytes, offset);
      EXPECT_FALSE(read.has_value());
      const auto write = co_await (*store)->write(shard, bytes, offset);
      EXPECT_FALSE(write.has_value());
      EXPECT_EQ(write.error().kind, IoFault::Kind::end_of_store);
    }
  });
}

TEST_P(StoreTest, AMemoryStoreOfATerabyteTakesNoMemoryUntilItIsWritten) {
  run([](Shard& shard) -> Task<void> {
    auto store = MemoryStore::open(std::uint64_t{1} << 40);
    EXPECT_TRUE(store.has_value());
    std::vector<std::uint8_t> bytes(4096, 1);
    const auto read = co_await (*store)->read(shard, bytes, (std::uint64_t{1} << 40) - 4096);
    EXPECT_EQ(*read, 4096u);
    EXPECT_THAT(bytes, Each(0));
  });
}

// Where a page is larger than 4 KiB the system would give back more than it was told to.
TEST_P(StoreTest, MemoryThatIsDiscardedEndsWhereTheRangeDoes) {
  run([](Shard& shard) -> Task<void> {
    constexpr std::size_t size = 256 << 10;
    for (const std::uint64_t offset : {0u, 512u, 4096u, 65536u}) {
      for (const std::uint64_t length : {512u, 4096u, 12288u, 65536u, 69632u, 131072u}) {
        auto store = MemoryStore::open(size);
        auto expected = pattern(size);
        const auto written = co_await (*store)->write_all(shard, expected, 0);
        const auto discarded = co_await (*store)->discard(shard, offset, length);
        EXPECT_TRUE(written && discarded);
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(offset), length, std::uint8_t{0});
        std::vector<std::uint8_t> bytes(size);
        const auto read = co_await (*store)->read_all(shard, bytes, 0);
        EXPECT_TRUE(read && bytes == expected) << offset << '+' << length;
      }
    }
  });
}

TEST(MemoryStore, MoreThanTheAddressSpaceIsRefused) {
  const auto store = MemoryStore::open(std::uint64_t{1} << 62);
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().kind, IoFault::Kind::no_resources);
}

TEST_P(StoreTest, AFileKeepsItsBytes) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    EXPECT_TRUE(store.has_value());
    EXPECT_EQ((*store)->capacity(), 1u << 20);
    co_await expect_keeps_bytes(shard, **store);
    const auto description = (*store)->describe();
    EXPECT_EQ(description.path, path);
    EXPECT_EQ(description.flags, "");
  });
}

TEST_P(StoreTest, AFileIsTheSameWhateverItsNameAndHoweverItIsUsed) {
  const std::string path = make_file(1 << 16);
  const std::string link = path + ".link";
  std::filesystem::create_hard_link(path, link);
  run([&](Shard& shard) -> Task<void> {
    auto one = co_await FileStore::open(shard, {.path = path});
    auto same = co_await FileStore::open(shard, {.path = link, .writable = false});
    std::filesystem::remove(path);
    const std::string another_path = make_file(1 << 16);
    auto another = co_await FileStore::open(shard, {.path = another_path});
    EXPECT_NE((*one)->describe().identity, "");
    EXPECT_EQ((*one)->describe().identity, (*same)->describe().identity);
    EXPECT_NE((*one)->describe().identity, (*another)->describe().identity);
    EXPECT_EQ((*MemoryStore::open(1 << 16))->describe().identity, "");
  });
  std::filesystem::remove(link);
}

TEST_P(StoreTest, ASynchronousFileKeepsItsBytesAndSaysSo) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path, .caching = FileStore::Caching::synchronous});
    EXPECT_TRUE(store.has_value());
    EXPECT_EQ((*store)->describe().flags, "sync");
    co_await expect_keeps_bytes(shard, **store);
  });
}

TEST_P(StoreTest, AFileThatDiscardsReadsZerosAndGivesSpaceBack) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    if ((*store)->can_discard()) co_await expect_discard_reads_zeros(shard, **store);
  });
}

TEST_P(StoreTest, ZerosAreWrittenToAFile) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    const auto written = pattern(4096);
    std::vector<std::uint8_t> read(4096, 0xee);
    auto done = co_await (*store)->write_all(shard, written, 0);
    EXPECT_TRUE(done.has_value());
    done = co_await (*store)->write_zeros(shard, 1024, 2048);
    EXPECT_TRUE(done.has_value());
    done = co_await (*store)->read_all(shard, read, 0);
    EXPECT_THAT(MutableBytes(read).subspan(1024, 2048), Each(0));
    EXPECT_EQ(read[1023], written[1023]);
    EXPECT_EQ(read[3072], written[3072]);
  });
}

TEST_P(StoreTest, AFileThatHasShrunkGivesAFaultAndTellsHowMuchWasRead) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::filesystem::resize_file(path, 5120);
    std::vector<std::uint8_t> bytes(4096);
    const auto read = co_await (*store)->read_all(shard, bytes, 4096);
    EXPECT_FALSE(read.has_value());
    EXPECT_EQ(read.error().kind, IoFault::Kind::end_of_store);
    EXPECT_EQ(read.error().done, 1024u);
  });
}

TEST_P(StoreTest, AFileThatHasShrunkIsNotMadeLongerByAWriteBehindItsEnd) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::filesystem::resize_file(path, 5120);
    const auto bytes = pattern(1024);
    const auto behind = co_await (*store)->write_all(shard, bytes, 7168);
    EXPECT_EQ(behind.error().kind, IoFault::Kind::end_of_store);
    EXPECT_EQ(std::filesystem::file_size(path), 5120u);
    const auto across = co_await (*store)->write_all(shard, bytes, 4608);
    EXPECT_EQ(across.error().kind, IoFault::Kind::end_of_store);
    EXPECT_EQ(across.error().done, 512u);
    for (const bool zeros : {true, false}) {
      const auto changed =
          zeros ? co_await (*store)->write_zeros(shard, 4096, 4096) : co_await (*store)->discard(shard, 4096, 4096);
      EXPECT_EQ(changed.error().kind, IoFault::Kind::end_of_store);
    }
    EXPECT_EQ(std::filesystem::file_size(path), 5120u);
  });
}

TEST_P(StoreTest, AFileThatWasCutAndMadeLongerAgainGivesNoZerosThatNobodyWrote) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::vector<std::uint8_t> bytes(4096);
    std::filesystem::resize_file(path, 4096);
    auto read = co_await (*store)->read_all(shard, bytes, 4096);
    EXPECT_EQ(read.error().kind, IoFault::Kind::end_of_store);
    std::filesystem::resize_file(path, 8192);
    read = co_await (*store)->read_all(shard, bytes, 4096);
    EXPECT_EQ(read.error().kind, IoFault::Kind::end_of_store) << "until the administrator says so";
    const auto size = co_await (*store)->refresh_capacity(shard);
    EXPECT_EQ(size.value_or(0), 8192u);
    read = co_await (*store)->read_all(shard, bytes, 4096);
    EXPECT_TRUE(read.has_value());
  });
}

TEST_P(StoreTest, AFileThatHasGrownIsLargerOnceItIsAsked) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::filesystem::resize_file(path, 16384);
    EXPECT_EQ((*store)->capacity(), 8192u);
    const auto size = co_await (*store)->refresh_capacity(shard);
    EXPECT_EQ(size.value_or(0), 16384u);
    EXPECT_EQ((*store)->capacity(), 16384u);
    const auto written = co_await (*store)->write_all(shard, pattern(4096), 12288);
    EXPECT_TRUE(written.has_value());
  });
}

TEST_P(StoreTest, ADeletedFileGoesOnUntilItIsClosed) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::filesystem::remove(path);
    co_await expect_keeps_bytes(shard, **store);
  });
}

TEST_P(StoreTest, ADeletedFileIsNotFoundWhenItIsLookedAtAgain) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    std::filesystem::rename(make_file(16384), path);
    const auto size = co_await (*store)->refresh_capacity(shard);
    EXPECT_TRUE(!size && size.error().kind == IoFault::Kind::not_found);
    EXPECT_EQ((*store)->capacity(), 8192u);
  });
}

TEST_P(StoreTest, TellsWhatALossOfPowerDoesNotTear) {
  const std::string path = make_file(8192);
  EXPECT_EQ((*MemoryStore::open(8192))->atomic_unit(), BlockStore::any_write);
  EXPECT_EQ((*NullStore::open(8192))->atomic_unit(), BlockStore::any_write);
  EXPECT_EQ(ReadOnlyStore(std::move(*NullStore::open(8192))).atomic_unit(), BlockStore::any_write) << "as that below";
  run([&](Shard& shard) -> Task<void> {
    const auto file = co_await FileStore::open(shard, {.path = path});
    EXPECT_EQ((*file)->atomic_unit(), 512u) << "a sector";
  });
  File::Properties device{.size = 8192, .is_block_device = true, .physical_block_size = 4096};
  const auto unit_of = [&](FileStore::Caching caching) {
    return FileStore::over(File::adopt(-1, device), {.path = "/dev/sdx", .caching = caching})->atomic_unit();
  };
  EXPECT_EQ(unit_of(FileStore::Caching::direct), 4096u) << "a physical block";
  EXPECT_EQ(unit_of(FileStore::Caching::buffered), 512u);
  device.alignment_offset = 512;
  EXPECT_EQ(unit_of(FileStore::Caching::direct), 512u);
}

TEST_P(StoreTest, AFileTellsItsHoles) {
  const std::string path = make_file(1 << 20);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path});
    const auto written = co_await (*store)->write_all(shard, pattern(65536), 262144);
    EXPECT_TRUE(written.has_value());
    auto extent = co_await (*store)->extent_at(shard, 4096);
    EXPECT_FALSE(extent->allocated);
    EXPECT_EQ(extent->length, 262144u - 4096u);
    extent = co_await (*store)->extent_at(shard, 262144);
    EXPECT_TRUE(extent->allocated);
    EXPECT_EQ(extent->length, 65536u);
    extent = co_await (*store)->extent_at(shard, 262144 + 65536);
    EXPECT_FALSE(extent->allocated);
    EXPECT_EQ(extent->length, (1u << 20) - 262144u - 65536u);
  });
}

class DirectTest : public StoreTest {};

TEST_P(DirectTest, ADirectFileKeepsBytesThatAreAlignedAndBytesThatAreNot) {
  const std::string path = make_file(1 << 20);
  bool has_direct = false;
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path, .caching = FileStore::Caching::direct});
    has_direct = store.has_value();
    if (!has_direct) co_return;
    EXPECT_EQ((*store)->describe().flags, "direct");
    EXPECT_EQ((*store)->alignment(), 1u);
    const Buffer aligned = shard.buffers().allocate(65536);
    const auto bytes = pattern(65536);
    copy_bytes(bytes, aligned.all());
    auto done = co_await (*store)->write_all(shard, aligned.first(65536), 4096);
    EXPECT_TRUE(done.has_value());
    // From memory that is not aligned, then to a place that is not, in the middle of what is there.
    done = co_await (*store)->write_all(shard, Bytes(bytes).subspan(1, 8192), 16384);
    EXPECT_TRUE(done.has_value());
    done = co_await (*store)->write_all(shard, Bytes(bytes).first(512), 32768 + 512);
    EXPECT_TRUE(done.has_value());
    std::vector<std::uint8_t> expected(bytes);
    copy_bytes(Bytes(bytes).subspan(1, 8192), MutableBytes(expected).subspan(16384 - 4096));
    copy_bytes(Bytes(bytes).first(512), MutableBytes(expected).subspan(32768 + 512 - 4096));
    std::vector<std::uint8_t> read(65537);
    done = co_await (*store)->read_all(shard, MutableBytes(read).subspan(1), 4096);
    EXPECT_TRUE(done.has_value());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), read.begin() + 1));
    done = co_await (*store)->read_all(shard, MutableBytes(read).first(512), 32768 + 512);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 512, read.begin()));
  });
  if (!has_direct) GTEST_SKIP() << "the file system has no direct I/O";
}

INSTANTIATE_TEST_SUITE_P(Backends, DirectTest,
                         testing::Values(Reactor::BackendChoice::automatic, Reactor::BackendChoice::epoll));

TEST_P(StoreTest, AReadOnlyFileTakesNoWrite) {
  const std::string path = make_file(8192);
  run([&](Shard& shard) -> Task<void> {
    auto store = co_await FileStore::open(shard, {.path = path, .writable = false});
    EXPECT_TRUE((*store)->read_only());
    const auto bytes = pattern(512);
    const auto write = co_await (*store)->write(shard, bytes, 0);
    EXPECT_EQ(write.error().kind, IoFault::Kind::read_only);
    const auto zeros = co_await (*store)->write_zeros(shard, 0, 512);
    EXPECT_EQ(zeros.error().kind, IoFault::Kind::read_only);
  });
}

TEST_P(StoreTest, WhatIsNoFileOrBlockDeviceIsRefusedWithTheReason) {
  run([](Shard& shard) -> Task<void> {
    const auto missing = co_await FileStore::open(shard, {.path = "/nonexistent/disk.img"});
    EXPECT_EQ(missing.error().kind, IoFault::Kind::not_found);
    EXPECT_FALSE(missing.error().text().empty());
    const auto directory = co_await FileStore::open(shard, {.path = "/tmp", .writable = false});
    EXPECT_FALSE(directory.has_value());
    const auto character = co_await FileStore::open(shard, {.path = "/dev/null"});
    EXPECT_FALSE(character.has_value());
  });
}

TEST_P(StoreTest, TheNullStoreKeepsNothingAndReadsZeros) {
  run([](Shard& shard) -> Task<void> {
    auto store = NullStore::open(std::uint64_t{1} << 50);
    auto bytes = pattern(4096);
    const auto write = co_await (*store)->write(shard, bytes, 0);
    EXPECT_EQ(*write, 4096u);
    const auto read = co_await (*store)->read(shard, bytes, 0);
    EXPECT_EQ(*read, 4096u);
    EXPECT_THAT(bytes, Each(0));
    const auto discarded = co_await (*store)->discard(shard, 0, 512);
    EXPECT_EQ(discarded.error().kind, IoFault::Kind::not_supported);
  });
}

INSTANTIATE_TEST_SUITE_P(Backends, StoreTest,
                         testing::Values(Reactor::BackendChoice::automatic, Reactor::BackendChoice::epoll));

}  // namespace
}  // namespace tgt
