// SPDX-License-Identifier: Apache-2.0
#include "device/disk/disk_fixture.h"
#include "device/disk/read.h"
#include "device/disk/write.h"

namespace tgt {
namespace {

using testing::Each;

struct Family {
  const char* name;
  std::vector<std::uint8_t> write;
  std::vector<std::uint8_t> read;
};
void PrintTo(const Family& family, std::ostream* to) { *to << family.name; }

class ReadWriteFamily : public DiskFixture, public testing::WithParamInterface<Family> {};

TEST_P(ReadWriteFamily, ReadsWhatItWrote) {
  const Block data = pattern(3, 9);
  EXPECT_EQ(send(GetParam().write, data).status, Status::good);
  const auto answer = send(GetParam().read);
  EXPECT_EQ(answer.status, Status::good);
  EXPECT_EQ(answer.data, data);
  EXPECT_THAT(get(4, 1), Each(0));
  EXPECT_THAT(get(8, 1), Each(0));
}

INSTANTIATE_TEST_SUITE_P(
    Cdbs, ReadWriteFamily,
    testing::Values(Family{"6", {0x0a, 0, 0, 5, 3, 0}, {0x08, 0, 0, 5, 3, 0}},
                    Family{"10", {0x2a, 0, 0, 0, 0, 5, 0, 0, 3, 0}, {0x28, 0, 0, 0, 0, 5, 0, 0, 3, 0}},
                    Family{"12", {0xaa, 0, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0}, {0xa8, 0, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0}},
                    Family{"16",
                           {0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0},
                           {0x88, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0}}));

TEST_F(DiskFixture, SixByteCommandsMoveUpTo256Blocks) {
  const Block data = pattern(256, 1);
  EXPECT_EQ(send({0x0a, 0, 0, 0, 0, 0}, data).status, Status::good);
  EXPECT_EQ(send({0x08, 0, 0, 0, 0, 0}).data, data);
}

TEST_F(DiskFixture, SixByteCommandsHave21BitsOfAddress) {
  const auto answer = send({0x08, 0x1f, 0xff, 0xff, 1, 0});
  expect_sense(answer, Sense::lba_out_of_range(0));
  EXPECT_EQ(answer.sense->information, 0x1fffffu);
}

TEST_F(DiskFixture, ReadsAndWritesEndAtTheLastBlock) {
  EXPECT_EQ(send({0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0}).status, Status::good);
  expect_sense(send({0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0}), Sense::lba_out_of_range(0));
  expect_sense(send({0x28, 0, 0, 0, 0x08, 0x00, 0, 0, 1, 0}), Sense::lba_out_of_range(0));
  expect_sense(send({0x2a, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0}, pattern(2, 1)), Sense::lba_out_of_range(0));
}

TEST_F(DiskFixture, AnAddressThatWrapsAroundIsOutOfRange) {
  const auto answer = send({0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 0});
  expect_sense(answer, Sense::lba_out_of_range(0));
  EXPECT_FALSE(answer.sense->information) << "64 bits do not fit into fixed format";
}

TEST_F(DiskFixture, NoBlocksAreNoErrorWithinTheMedium) {
  const auto answer = send({0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(answer.status, Status::good);
  EXPECT_TRUE(answer.data.empty());
  expect_sense(send({0x28, 0, 0, 0, 0x08, 0x01, 0, 0, 0, 0}), Sense::lba_out_of_range(0));
}

TEST_F(DiskFixture, MoreThanTheMaximumTransferLengthIsRefused) {
  make({.capacity = std::uint64_t{1} << 30}, {});
  expect_invalid_field(send({0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x01, 0, 0}), Read16::transfer_length);
}

TEST_F(DiskFixture, ProtectionInformationIsRefused) {
  expect_invalid_field(send(read10(0, 1, 0x20)), Field{1, 5, 1});
  expect_invalid_field(send(write10(0, 1, 0x20), pattern(1, 1)), Field{1, 5, 1});
}

TEST_F(DiskFixture, AReadThatExpectsLessGetsLessAndIsToldTheOverflow) {
  put(0, pattern(2, 1));
  const auto answer = bench().send(read10(0, 2), {}, 512);
  EXPECT_EQ(answer.data, pattern(1, 1));
  EXPECT_EQ(answer.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(answer.residual.bytes, 512u);
}

TEST_F(DiskFixture, AWriteThatAnnouncesLessWritesTheBlocksThatItBrings) {
  const auto answer = send(write10(0, 2), pattern(1, 1));
  EXPECT_EQ(answer.status, Status::good);
  EXPECT_EQ(answer.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(answer.residual.bytes, 512u);
  EXPECT_EQ(get(0, 1), pattern(1, 1));
  EXPECT_THAT(get(1, 1), Each(0));
}

TEST_F(DiskFixture, AWriteThatBringsAPartOfABlockIsRefusedAndWritesNothing) {
  Block data = pattern(2, 1);
  data.resize(512 + 100);
  const auto answer = send(write10(0, 2), data);
  EXPECT_EQ(answer.sense, Sense::invalid_field_in_command_information_unit());
  EXPECT_EQ(answer.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(answer.residual.bytes, 412u);
  EXPECT_THAT(get(0, 2), Each(0));
}

// As libiscsi's tests of reservations do: a buffer of 512 bytes for one block, whatever its size.
TEST_F(DiskFixture, AWriteThatBringsWholeSectorsOfABlockLeavesTheRestOfIt) {
  make({}, {.block_size = {.exponent = 12}});
  EXPECT_EQ(send(write10(0, 1), Block(4096, 7)).status, Status::good);
  const auto answer = send(write10(0, 1), Block(512, 9));
  EXPECT_EQ(answer.status, Status::good);
  EXPECT_EQ(answer.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(answer.residual.bytes, 4096u - 512u);
  Block expected(4096, 7);
  std::fill_n(expected.begin(), 512, std::uint8_t{9});
  EXPECT_EQ(get(0, 1), expected);
}

TEST_F(DiskFixture, AStoreOfLargerPiecesTakesNoPartOfThem) {
  make({.alignment = 4096}, {.block_size = {.exponent = 12}});
  EXPECT_EQ(send(write10(0, 1), Block(512, 9)).sense, Sense::invalid_field_in_command_information_unit());
  EXPECT_THAT(get(0, 1), Each(0));
}

TEST_F(DiskFixture, AStoreThatMovesLittleAtATimeIsAskedAgain) {
  make({.most_at_once = 700}, {});
  const Block data = pattern(4, 3);
  put(0, data);
  EXPECT_EQ(get(0, 4), data);
}

TEST_F(DiskFixture, AReadErrorTellsTheFirstBadBlock) {
  make({.bad_from = 3 * 512}, {});
  const auto answer = send(read10(1, 4));
  expect_sense(answer, Sense::unrecovered_read_error());
  EXPECT_EQ(answer.sense->information, 3u);
}

TEST_F(DiskFixture, AWriteErrorTellsHowMuchWasWritten) {
  make({.bad_from = 3 * 512}, {});
  const auto answer = send(write10(0, 8), pattern(8, 1));
  expect_sense(answer, Sense::write_error());
  EXPECT_EQ(answer.sense->information, 3u);
}

TEST_F(DiskFixture, AFullFileSystemIsSpaceAllocationFailed) {
  make({.bad_from = 0, .fault = IoFault::Kind::no_space}, {});
  expect_sense(send(write10(0, 1), pattern(1, 1)), Sense::space_allocation_failed());
}

TEST_F(DiskFixture, AStoreThatIsNotReachedIsNoBadMedium) {
  make({.bad_from = 0, .fault = IoFault::Kind::path_lost}, {});
  expect_sense(send(read10(0, 1)), Sense::logical_unit_communication_failure());
  store().script().fault = IoFault::Kind::timed_out;
  expect_sense(send(read10(0, 1)), Sense::logical_unit_communication_time_out());
}

TEST_F(DiskFixture, AStoreThatIsReservedForOthersIsAReservationConflict) {
  make({.bad_from = 0, .fault = IoFault::Kind::reserved}, {});
  EXPECT_EQ(send(write10(0, 1), pattern(1, 1)).status, Status::reservation_conflict);
}

TEST_F(DiskFixture, AStoreOutOfMemoryIsBusyAndNoError) {
  make({.bad_from = 0, .fault = IoFault::Kind::no_resources}, {});
  EXPECT_EQ(send(read10(0, 1)).status, Status::busy);
}

TEST_F(DiskFixture, BusyIsToldOnlyOfACommandThatChangedNothing) {
  const std::vector<std::uint8_t> orwrite{0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0};
  make({.write_bad_from = 3 * 512, .fault = IoFault::Kind::no_resources}, {});
  for (const auto& cdb : {write10(0, 8), orwrite}) {
    expect_sense(send(cdb, pattern(8, 1)), Sense::aborted_command());
  }
  EXPECT_EQ(send(write10(3, 1), pattern(1, 1)).status, Status::busy);
  make({.fault = IoFault::Kind::no_resources, .flush_fails = true}, {.write_cache = false});
  for (const auto& cdb : {write10(0, 8), orwrite}) {
    expect_sense(send(cdb, pattern(8, 1)), Sense::aborted_command());
  }
  EXPECT_EQ(send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::busy);
}

TEST_F(DiskFixture, AWriteIsOnlyFlushedWhenItMustBe) {
  put(0, pattern(1, 1));
  EXPECT_EQ(store().flushes, 0u);
  EXPECT_EQ(send(write10(0, 1, 0x08), pattern(1, 1)).status, Status::good);
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(DiskFixture, WithoutAWriteCacheEveryWriteIsFlushed) {
  make({}, {.write_cache = false});
  put(0, pattern(1, 1));
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(DiskFixture, AForcedUnitAccessThatCannotBeFlushedFails) {
  make({.flush_fails = true}, {});
  expect_sense(send(write10(0, 1, 0x08), pattern(1, 1)), Sense::write_error());
}

TEST_F(DiskFixture, AReadPastTheCacheWritesTheCacheFirst) {
  EXPECT_EQ(send(read10(0, 1, 0x08)).status, Status::good);
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(DiskFixture, AReadOnlyDiskTakesNoWrite) {
  make({}, {.read_only = true});
  expect_sense(send(write10(0, 1), pattern(1, 1)), Sense::write_protected());
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

TEST_F(DiskFixture, AReadOnlyStoreMakesAReadOnlyDisk) {
  make({.read_only = true}, {});
  expect_sense(send(write10(0, 1), pattern(1, 1)), Sense::write_protected());
  EXPECT_FALSE(disk().configure("readonly", "0"));
}

TEST_F(DiskFixture, BlocksOf4096BytesAreMoved) {
  make({}, {.block_size = {12}});
  const Block data = pattern(2, 5, 4096);
  EXPECT_EQ(send(write10(3, 2), data).status, Status::good);
  EXPECT_EQ(send(read10(3, 2)).data, data);
  EXPECT_EQ(disk().capacity(), BlockCount(256));
}

}  // namespace
}  // namespace tgt
