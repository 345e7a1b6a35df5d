// SPDX-License-Identifier: Apache-2.0
#include "device/disk/write_atomic.h"

#include "device/disk/disk_fixture.h"

namespace tgt {
namespace {

std::vector<std::uint8_t> write_atomic(std::uint16_t lba, std::uint16_t count, std::uint8_t flags = 0) {
  const auto byte = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  return {0x9c, flags, 0, 0, 0, 0, 0, 0, byte(lba >> 8), byte(lba), 0, 0, byte(count >> 8), byte(count), 0, 0};
}

struct WriteAtomicTest : DiskFixture {};

TEST_F(WriteAtomicTest, WritesAllBlocks) {
  const Block data = pattern(5, 9);
  EXPECT_EQ(send(write_atomic(7, 5), data).status, Status::good);
  EXPECT_EQ(get(7, 5), data);
  EXPECT_EQ(store().flushes, 0u);
  EXPECT_EQ(send(write_atomic(7, 5, 0x08), data).status, Status::good);
  EXPECT_EQ(store().flushes, 1u) << "FUA";
}

TEST_F(WriteAtomicTest, LeavesTheMediumAsItWasWhenTheStoreFailsHalfWay) {
  make({.most_at_once = 512}, {});
  put(4, pattern(4, 1));
  store().script().bad_from = 6 * 512;
  const auto answer = send(write_atomic(4, 4), pattern(4, 77));
  EXPECT_EQ(answer.status, Status::check_condition);
  store().script().bad_from.reset();
  EXPECT_EQ(get(4, 4), pattern(4, 1));
}

TEST_F(WriteAtomicTest, PutsBackWhatOnlyTheWriteCouldNotReach) {
  make({.most_at_once = 512}, {});
  put(4, pattern(4, 1));
  store().script().write_bad_from = 6 * 512;
  const auto answer = send(write_atomic(4, 4), pattern(4, 77));
  expect_sense(answer, Sense::write_error());
  EXPECT_EQ(answer.sense->information, 4u) << "nothing was written";
  EXPECT_EQ(get(4, 4), pattern(4, 1));
}

TEST_F(WriteAtomicTest, IsNoLongerThanItsLimitInVpdPageB0) {
  make({.capacity = 4 << 20}, {});
  const auto limits = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  EXPECT_EQ(limits[46] * 256u + limits[47], 2048u);
  EXPECT_EQ(send(write_atomic(0, 2048), Block(2048 * 512)).status, Status::good);
  expect_invalid_field(send(write_atomic(0, 2049), Block(2049 * 512)), WriteAtomic16::transfer_length);
}

TEST_F(WriteAtomicTest, ChangesWhatTheStoreChangesAsAWholeAndNoMore) {
  make({.atomic_unit = 4096}, {});
  const auto limits = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  EXPECT_EQ(Field(44, 7, 32).read(limits), 8u);
  EXPECT_EQ(Field(48, 7, 32).read(limits), 8u) << "alignment";
  EXPECT_EQ(Field(52, 7, 32).read(limits), 8u) << "granularity";
  const Block data = pattern(8, 3);
  EXPECT_EQ(send(write_atomic(16, 8), data).status, Status::good);
  EXPECT_EQ(get(16, 8), data);
  expect_invalid_field(send(write_atomic(17, 8), data), WriteAtomic16::logical_block_address);
  expect_invalid_field(send(write_atomic(16, 4), pattern(4, 3)), WriteAtomic16::transfer_length);
  expect_invalid_field(send(write_atomic(16, 16), pattern(16, 3)), WriteAtomic16::transfer_length);
  EXPECT_EQ(get(16, 8), data);
}

TEST_F(WriteAtomicTest, IsNoCommandOfADiskWhoseStorePromisesNoMoreThanABlock) {
  for (const std::uint32_t unit : {0u, 512u, 4096u}) {
    make({.capacity = 1 << 20, .atomic_unit = unit}, {.block_size = {12}});
    expect_sense(send(write_atomic(0, 1), pattern(1, 1, 4096)), Sense::invalid_operation_code());
    EXPECT_EQ(Field(44, 7, 32).read(send({0x12, 1, 0xb0, 0, 255, 0}).data), 0u);
    EXPECT_EQ(send({0xa3, 0x0c, 1, 0x9c, 0, 0, 0, 0, 1, 0, 0, 0}).data[1] & 7, 1) << "not supported";
  }
  make({.capacity = 1 << 20, .atomic_unit = 8192}, {.block_size = {12}});
  EXPECT_EQ(send(write_atomic(0, 2), pattern(2, 1, 4096)).status, Status::good);
  EXPECT_EQ(send({0xa3, 0x0c, 1, 0x9c, 0, 0, 0, 0, 1, 0, 0, 0}).data[1] & 7, 3) << "supported";
}

TEST_F(WriteAtomicTest, KnowsNoAtomicBoundary) {
  auto cdb = write_atomic(0, 1);
  cdb[11] = 1;
  expect_invalid_field(send(cdb, pattern(1, 1)), Field{11, 0, 1});
}

TEST_F(WriteAtomicTest, OfNothingIsNoErrorAndBeyondTheEndIsOne) {
  EXPECT_EQ(send(write_atomic(5, 0)).status, Status::good);
  expect_sense(send(write_atomic(2047, 2), pattern(2, 1)), Sense::lba_out_of_range(0));
  expect_sense(send({0x9c, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0, 0}, pattern(2, 1)),
               Sense::lba_out_of_range(0));
}

TEST_F(WriteAtomicTest, NeedsAllItsDataAndAMediumThatMayBeWritten) {
  expect_sense(send(write_atomic(0, 2), pattern(1, 1)), Sense::invalid_field_in_command_information_unit());
  expect_sense(send(write_atomic(0, 1), pattern(2, 1)), Sense::invalid_field_in_command_information_unit());
  make({}, {.read_only = true});
  expect_sense(send(write_atomic(0, 1), pattern(1, 1)), Sense::write_protected());
}

}  // namespace
}  // namespace tgt
