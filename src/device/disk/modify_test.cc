// SPDX-License-Identifier: Apache-2.0
// Commands that change blocks otherwise than by WRITE.
#include "device/disk/compare_and_write.h"
#include "device/disk/disk_fixture.h"
#include "device/disk/unmap.h"
#include "device/disk/write_same.h"

namespace tgt {
namespace {

using testing::Each;

class ModifyTest : public DiskFixture {
 protected:
  static std::vector<std::uint8_t> compare_and_write(std::uint8_t lba, std::uint8_t count) {
    return {0x89, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, count, 0, 0};
  }
  static Block both(Block first, const Block& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }
  static std::vector<std::uint8_t> write_same_16(std::uint8_t lba, std::uint8_t count, std::uint8_t flags) {
    return {0x93, flags, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, count, 0, 0};
  }
  void make_thin() { make({}, {.thin_provisioning = true}); }

  struct Range {
    std::uint64_t address;
    std::uint32_t count;
  };
  static Block unmap_list(const std::vector<Range>& ranges) {
    Block list(8);
    const auto append = [&](const auto& value) {
      list.insert(list.end(), bytes_of(value).begin(), bytes_of(value).end());
    };
    for (const Range& range : ranges) {
      append(be64{range.address});
      append(be32{range.count});
      append(be32{0u});
    }
    const be16 data_length = static_cast<std::uint16_t>(list.size() - 2);
    const be16 descriptors = static_cast<std::uint16_t>(list.size() - 8);
    copy_bytes(bytes_of(data_length), list);
    copy_bytes(bytes_of(descriptors), MutableBytes(list).subspan(2));
    return list;
  }
  DeviceBench::Answer unmap(const Block& list) {
    const auto length = static_cast<std::uint16_t>(list.size());
    return send({0x42, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0},
                list);
  }
};

TEST_F(ModifyTest, CompareAndWriteWritesWhenTheBlocksAreEqual) {
  put(3, pattern(2, 1));
  EXPECT_EQ(send(compare_and_write(3, 2), both(pattern(2, 1), pattern(2, 50))).status, Status::good);
  EXPECT_EQ(get(3, 2), pattern(2, 50));
}

TEST_F(ModifyTest, CompareAndWriteTellsWhereTheBlocksDifferAndWritesNothing) {
  put(3, pattern(2, 1));
  Block expected = pattern(2, 1);
  expected[515] ^= 0x80;
  const auto answer = send(compare_and_write(3, 2), both(expected, pattern(2, 50)));
  expect_sense(answer, Sense::miscompare_during_verify(0));
  EXPECT_EQ(answer.sense->information, 515u);
  EXPECT_EQ(get(3, 2), pattern(2, 1));
}

TEST_F(ModifyTest, CompareAndWriteNeedsBothHalves) {
  const auto answer = send(compare_and_write(3, 2), pattern(2, 1));
  EXPECT_EQ(answer.status, Status::check_condition);
  expect_sense(send(compare_and_write(3, 2), Block(5 * 512)), Sense::invalid_field_in_command_information_unit());
  EXPECT_THAT(get(3, 2), Each(0));
}

TEST_F(ModifyTest, CompareAndWriteOfNoBlocksBringsNoData) {
  EXPECT_EQ(send(compare_and_write(3, 0)).status, Status::good);
  expect_invalid_field(send(compare_and_write(3, 0), Block(512 * 512)), CompareAndWrite::number_of_logical_blocks);
}

TEST_F(ModifyTest, CompareAndWriteRunsAloneByItsRow) {
  const auto row = disk().decode(*Cdb::from_transport(compare_and_write(0, 1)));
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ((*row)->overlap, Overlap::exclusive_range);
}

TEST_F(ModifyTest, CompareAndWriteTakesAsManyLargeBlocksAsOneTransferHoldsTwice) {
  make({.capacity = 16 << 20}, {.block_size = {.exponent = 16}});
  EXPECT_EQ(send({0x12, 1, 0xb0, 0, 64, 0}).data[5], 128) << "MAXIMUM COMPARE AND WRITE LENGTH";
  const Block half = pattern(128, 1, 65536);
  EXPECT_EQ(send(compare_and_write(0, 128), both(Block(half.size()), half)).status, Status::good);
  expect_invalid_field(send(compare_and_write(0, 129), Block(512)), CompareAndWrite::number_of_logical_blocks);
  make();
  EXPECT_EQ(send({0x12, 1, 0xb0, 0, 64, 0}).data[5], 255);
}

TEST_F(ModifyTest, CompareAndWriteIsFlushedWhenItMustBe) {
  auto cdb = compare_and_write(0, 1);
  cdb[1] = 0x08;
  EXPECT_EQ(send(cdb, both(Block(512), pattern(1, 1))).status, Status::good);
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(ModifyTest, OrWriteSetsBits) {
  put(1, Block(512, 0x0f));
  EXPECT_EQ(send({0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}, Block(512, 0xa0)).status, Status::good);
  EXPECT_THAT(get(1, 1), Each(0xaf));
}

TEST_F(ModifyTest, PreFetchChecksTheRange) {
  EXPECT_EQ(send({0x34, 2, 0, 0, 0, 1, 0, 0, 9, 0}).status, Status::condition_met);
  EXPECT_EQ(send({0x90, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}).status, Status::condition_met);
  expect_sense(send({0x34, 0, 0, 0, 7, 0xff, 0, 0, 2, 0}), Sense::lba_out_of_range(0));
}

TEST_F(ModifyTest, WriteSameRepeatsOneBlock) {
  const Block one = pattern(1, 9);
  EXPECT_EQ(send(write_same_16(2, 3, 0), one).status, Status::good);
  for (unsigned lba = 2; lba < 5; ++lba) EXPECT_EQ(get(static_cast<std::uint8_t>(lba), 1), one);
  EXPECT_THAT(get(1, 1), Each(0));
  EXPECT_THAT(get(5, 1), Each(0));
}

TEST_F(ModifyTest, WriteSame10RepeatsMoreThanOneBufferHolds) {
  make({.capacity = 4 << 20}, {});
  const Block one = pattern(1, 9);
  EXPECT_EQ(send({0x41, 0, 0, 0, 0, 0, 0, 0x1f, 0xff, 0}, one).status, Status::good);
  EXPECT_EQ(send({0x28, 0, 0, 0, 0x1f, 0xfe, 0, 0, 1, 0}).data, one);
  EXPECT_THAT(send({0x28, 0, 0, 0, 0x1f, 0xff, 0, 0, 1, 0}).data, Each(0));
}

TEST_F(ModifyTest, WriteSameWithoutDataWritesZeros) {
  put(2, pattern(2, 1));
  EXPECT_EQ(send(write_same_16(2, 1, 0x01)).status, Status::good);
  EXPECT_THAT(get(2, 1), Each(0));
  EXPECT_EQ(get(3, 1), pattern(1, 2));
}

TEST_F(ModifyTest, WriteSameThatUnmapsIsForThinDisksOnly) {
  expect_invalid_field(send(write_same_16(2, 1, 0x08), Block(512)), WritingSame::unmap);
  make_thin();
  put(2, pattern(1, 1));
  EXPECT_EQ(send(write_same_16(2, 1, 0x08), Block(512)).status, Status::good);
  EXPECT_THAT(get(2, 1), Each(0));
  EXPECT_EQ(store().discards, 1u);
  EXPECT_EQ(send(write_same_16(2, 1, 0x08), pattern(1, 5)).status, Status::good);
  EXPECT_EQ(get(2, 1), pattern(1, 5)) << "what is not zero is written";
}

TEST_F(ModifyTest, WriteSameAnchorsNothing) {
  expect_invalid_field(send(write_same_16(2, 1, 0x10), Block(512)), {1, 4, 1});
}

TEST_F(ModifyTest, WriteSameKeepsToTheLimitsOfVpd) {
  expect_invalid_field(send(write_same_16(2, 0, 0), Block(512)), WriteSame16::transfer_length);
  make({.capacity = std::uint64_t{1} << 30}, {});
  const auto write_same_of = [](std::uint8_t high) {
    return std::vector<std::uint8_t>{0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, 0, 0, 0, 0};
  };
  expect_invalid_field(send(write_same_of(1), Block(512)), WriteSame16::transfer_length);
  const auto limits = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  EXPECT_EQ(limits[4], 1);
  EXPECT_EQ(limits[41] * 65536u + limits[42] * 256u + limits[43], 65535u);
}

TEST_F(ModifyTest, WriteSameTakesOneBlockAndNoMore) {
  const Sense wrong = Sense::invalid_field_in_command_information_unit();
  expect_sense(send(write_same_16(2, 1, 0), Block(1024)), wrong);
  expect_sense(send(write_same_16(2, 1, 0), Block(511)), wrong);
}

TEST_F(ModifyTest, OnlyThinDisksUnmap) {
  expect_sense(unmap(unmap_list({{2, 1}})), Sense::invalid_operation_code());
  EXPECT_EQ(send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data[14], 0);
  make_thin();
  EXPECT_EQ(send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data[14], 0xc0);
  EXPECT_EQ(send({0x12, 1, 0xb2, 0, 255, 0}).data[5], 0xe4);
  EXPECT_EQ(send({0x12, 1, 0xb2, 0, 255, 0}).data[6], 2);
}

TEST_F(ModifyTest, WhatWasUnmappedReadsAsZeros) {
  make_thin();
  put(0, pattern(8, 1));
  EXPECT_EQ(unmap(unmap_list({{1, 2}, {5, 1}, {7, 0}})).status, Status::good);
  EXPECT_EQ(get(0, 1), pattern(1, 1));
  EXPECT_THAT(get(1, 2), Each(0));
  EXPECT_EQ(get(3, 2), pattern(2, 4));
  EXPECT_THAT(get(5, 1), Each(0));
  EXPECT_EQ(get(6, 2), pattern(2, 7));
}

TEST_F(ModifyTest, GetLbaStatusTellsWhichBlocksTakeSpace) {
  const auto get_status = [](std::uint8_t lba, std::uint8_t room) {
    return std::vector<std::uint8_t>{0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, room, 0, 0};
  };
  expect_invalid_field(send(get_status(0, 64)), Field{1, 4, 5});
  make_thin();
  put(8, pattern(8, 1));
  const auto data = send(get_status(4, 8 + 3 * 16)).data;
  ASSERT_EQ(data.size(), 8u + 3u * 16u);
  EXPECT_EQ(data[3], data.size() - 4);
  const auto descriptor = [&](std::size_t index) {
    const std::uint8_t* at = data.data() + 8 + 16 * index;
    return std::vector<unsigned>{at[7], at[10] * 256u + at[11], at[12]};
  };
  EXPECT_THAT(descriptor(0), testing::ElementsAre(4, 4, 1));
  EXPECT_THAT(descriptor(1), testing::ElementsAre(8, 8, 0));
  EXPECT_THAT(descriptor(2), testing::ElementsAre(16, blocks - 16, 1));
  EXPECT_EQ(send(get_status(4, 24)).data.size(), 24u);
  expect_sense(send({0x9e, 0x12, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 24, 0, 0}), Sense::lba_out_of_range(0));
}

TEST_F(ModifyTest, UnmapTouchesNothingWhenOneRangeIsWrong) {
  make_thin();
  put(0, pattern(1, 1));
  expect_sense(unmap(unmap_list({{0, 1}, {blocks, 1}})), Sense::lba_out_of_range(0));
  expect_sense(unmap(unmap_list({{0, 1}, {~std::uint64_t{0}, 2}})), Sense::lba_out_of_range(0));
  EXPECT_EQ(get(0, 1), pattern(1, 1));
}

TEST_F(ModifyTest, UnmapIsBusyOnlyWhileNothingIsUnmapped) {
  make({.write_bad_from = 8 * 512, .fault = IoFault::Kind::no_resources}, {.thin_provisioning = true});
  EXPECT_EQ(unmap(unmap_list({{8, 1}, {0, 1}})).status, Status::busy);
  expect_sense(unmap(unmap_list({{0, 1}, {8, 1}})), Sense::aborted_command());
}

TEST_F(ModifyTest, UnmapOfNothingIsNoError) {
  make_thin();
  EXPECT_EQ(send({0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(unmap(unmap_list({})).status, Status::good);
  EXPECT_EQ(unmap(unmap_list({{blocks, 0}})).status, Status::good);
}

TEST_F(ModifyTest, AnUnmapListThatIsTooShortOrLiesIsSafe) {
  make_thin();
  put(0, pattern(1, 1));
  expect_sense(unmap(Block(7)), Sense::parameter_list_length_error());
  Block lying = unmap_list({{1, 1}});
  lying[2] = 0xff;
  EXPECT_EQ(unmap(lying).status, Status::good) << "only what was sent is read";
  Block cut = unmap_list({{0, 1}});
  cut.resize(20);
  EXPECT_EQ(unmap(cut).status, Status::good) << "half a descriptor names no blocks";
  EXPECT_EQ(get(0, 1), pattern(1, 1));
}

TEST_F(ModifyTest, AnUnmapListOfWhichLessComesThanTheCommandSaysIsNotAListOfFewerBlocks) {
  make_thin();
  put(0, pattern(2, 1));
  Block cut = unmap_list({{0, 1}, {1, 1}});
  const auto whole = static_cast<std::uint8_t>(cut.size());
  for (const std::size_t sent : {std::size_t{39}, std::size_t{24}, std::size_t{20}, std::size_t{0}}) {
    cut.resize(sent);
    expect_sense(send({0x42, 0, 0, 0, 0, 0, 0, 0, whole, 0}, cut), Sense::parameter_list_length_error());
  }
  EXPECT_EQ(get(0, 2), pattern(2, 1));
}

TEST_F(ModifyTest, UnmapKeepsToTheLimitsOfVpd) {
  make({.capacity = std::uint64_t{4} << 30}, {.thin_provisioning = true});
  const auto limits = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  EXPECT_EQ(limits[21], 0x10);
  EXPECT_EQ(limits[26], 1);
  const Sense wrong = Sense::invalid_field_in_parameter_list(0);
  expect_sense(unmap(unmap_list({{0, 0x100000}, {0, 1}})), wrong);
  expect_sense(unmap(unmap_list(std::vector<Range>(257, Range{0, 1}))), wrong);
  EXPECT_EQ(unmap(unmap_list({{0, 0x100000}})).status, Status::good);
}

TEST_F(ModifyTest, NothingChangesAReadOnlyDisk) {
  make({}, {.read_only = true, .thin_provisioning = true});
  expect_sense(unmap(unmap_list({{0, 1}})), Sense::write_protected());
  expect_sense(send(write_same_16(0, 1, 1)), Sense::write_protected());
  expect_sense(send(write_same_16(0, 0, 0), Block(512)), Sense::write_protected());
  expect_sense(send(compare_and_write(0, 1), Block(1024)), Sense::write_protected());
  expect_sense(send({0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}, Block(512)), Sense::write_protected());
}

// Without a write cache the initiator never flushes, so whatever changes blocks is durable before GOOD.
TEST_F(ModifyTest, EveryCommandThatChangesBlocksFlushesWithoutAWriteCache) {
  const Block list = unmap_list({{8, 2}, {1, 3}});
  const auto changes = [&]() -> std::vector<DeviceBench::Answer> {
    return {unmap(list),
            send(write_same_16(2, 3, 0), pattern(1, 9)),
            send(write_same_16(2, 3, 0x09)),
            send({0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}, Block(512, 0xa0)),
            send(compare_and_write(20, 1), both(Block(512), Block(512))),
            send({0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0}, Block(512, 1)),
            send({0x2e, 0, 0, 0, 0, 1, 0, 0, 1, 0}, Block(512, 1)),
            send(write10(1, 1), Block(512, 1)),
            send({0x04, 0, 0, 0, 0, 0})};
  };
  make({}, {.write_cache = false, .thin_provisioning = true});
  unsigned number = 0;
  for (const auto& answer : changes()) EXPECT_EQ(answer.status, Status::good) << number++;
  EXPECT_EQ(store().flushes, 9u);
  make({.flush_fails = true}, {.write_cache = false, .thin_provisioning = true});
  number = 0;
  for (const auto& answer : changes()) EXPECT_EQ(answer.status, Status::check_condition) << number++;
}

TEST_F(ModifyTest, WhatUnmapCouldNotMakeDurableIsAWriteError) {
  make({.flush_fails = true}, {.write_cache = false, .thin_provisioning = true});
  const auto answer = unmap(unmap_list({{8, 2}, {1, 3}}));
  expect_sense(answer, Sense::write_error());
  EXPECT_EQ(answer.sense->information, 8u);
  EXPECT_EQ(unmap(unmap_list({})).status, Status::good) << "nothing was changed";
}

}  // namespace
}  // namespace tgt
