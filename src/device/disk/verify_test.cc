// SPDX-License-Identifier: Apache-2.0
#include "device/disk/verify.h"

#include "device/disk/disk_fixture.h"
#include "device/disk/write_and_verify.h"

namespace tgt {
namespace {

using testing::Each;

std::vector<std::uint8_t> verify10(std::uint8_t lba, std::uint8_t count, unsigned check) {
  return {0x2f, static_cast<std::uint8_t>(check << 1), 0, 0, 0, lba, 0, 0, count, 0};
}

struct VerifyTest : DiskFixture {
  void expect_miscompare(const DeviceBench::Answer& answer, std::uint64_t at) {
    expect_sense(answer, Sense::miscompare_during_verify(0));
    EXPECT_EQ(answer.sense->information, at);
  }
};

TEST_F(VerifyTest, WithoutComparingReadsTheBlocks) {
  EXPECT_EQ(send(verify10(0, 8, 0)).status, Status::good);
  make({.bad_from = 3 * 512}, {});
  const auto answer = send(verify10(1, 8, 0));
  expect_sense(answer, Sense::unrecovered_read_error());
  EXPECT_EQ(answer.sense->information, 3u);
}

TEST_F(VerifyTest, ComparesEveryBlock) {
  put(4, pattern(3, 7));
  EXPECT_EQ(send(verify10(4, 3, 1), pattern(3, 7)).status, Status::good);
  Block other = pattern(3, 7);
  other[700] ^= 1;
  expect_miscompare(send(verify10(4, 3, 1), other), 700);
}

TEST_F(VerifyTest, ComparesEveryBlockWithOne) {
  const Block one = pattern(1, 7);
  put(4, one);
  put(5, one);
  EXPECT_EQ(send(verify10(4, 2, 3), one).status, Status::good);
  expect_miscompare(send(verify10(4, 3, 3), one), 1024);
}

TEST_F(VerifyTest, AReservedByteCheckIsRefused) {
  expect_invalid_field(send(verify10(0, 1, 2), pattern(1, 1)), Verifying::byte_check);
}

TEST_F(VerifyTest, OfNothingIsNoError) {
  for (const unsigned check : {0u, 1u, 3u}) EXPECT_EQ(send(verify10(0, 0, check)).status, Status::good);
}

TEST_F(VerifyTest, BeyondTheEndIsRefusedInEveryLength) {
  expect_sense(send({0x2f, 0, 0, 0, 8, 0, 0, 0, 1, 0}), Sense::lba_out_of_range(0));
  expect_sense(send({0xaf, 0, 0, 0, 7, 0xff, 0, 0, 0, 2, 0, 0}), Sense::lba_out_of_range(0));
  expect_sense(send({0x8f, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}), Sense::lba_out_of_range(0));
}

TEST_F(VerifyTest, OfMoreThanTheLongestTransferIsRefusedWhateverIsCompared) {
  make({.capacity = 32 << 20}, {});
  for (const unsigned check : {0u, 1u, 3u}) {
    const auto flags = static_cast<std::uint8_t>(check << 1);
    const auto answer = send({0x8f, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x01, 0, 0}, Block(512));
    expect_invalid_field(answer, Verify16::transfer_length);
  }
  EXPECT_EQ(send({0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x8f, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0, 0}, Block(512)).status, Status::good);
}

TEST_F(VerifyTest, ComparesMoreThanOneBufferHolds) {
  make({.capacity = 8 << 20}, {});
  EXPECT_EQ(send({0x8f, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 0, 0, 0}, Block(0x1800 * 512)).status, Status::good);
  Block other(0x1800 * 512);
  other.back() = 1;
  expect_miscompare(send({0x8f, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 0, 0, 0}, other), 0x1800 * 512 - 1);
}

TEST_F(VerifyTest, WriteAndVerifyWritesFlushesAndComparesInEveryLength) {
  const Block data = pattern(2, 3);
  EXPECT_EQ(send({0x2e, 2, 0, 0, 0, 9, 0, 0, 2, 0}, data).status, Status::good);
  EXPECT_EQ(get(9, 2), data);
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_EQ(send({0xae, 0, 0, 0, 0, 11, 0, 0, 0, 2, 0, 0}, data).status, Status::good);
  EXPECT_EQ(get(11, 2), data);
  EXPECT_EQ(send({0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0}, data).status, Status::good);
  EXPECT_EQ(get(13, 2), data);
}

TEST_F(VerifyTest, WriteAndVerifyWithoutMemoryToCompareChangesNothing) {
  std::vector<Buffer> taken;
  BufferPool& pool = bench().reactor().shard().buffers();
  while (Buffer buffer = pool.allocate(BufferPool::largest)) taken.push_back(std::move(buffer));
  const auto answer = send({0x2e, 2, 0, 0, 0, 9, 0, 0, 2, 0}, pattern(2, 7));
  EXPECT_NE(answer.status, Status::good);
  EXPECT_EQ(pool.limit() - pool.lent(), 0u);
  taken.clear();
  EXPECT_THAT(get(9, 2), testing::Each(0));
}

TEST_F(VerifyTest, WriteAndVerifyThatCannotReadBackForWantOfMemoryIsNotBusy) {
  make({.read_bad_from = 0, .fault = IoFault::Kind::no_resources}, {});
  EXPECT_EQ(send({0x2f, 0, 0, 0, 0, 9, 0, 0, 2, 0}).status, Status::busy);
  expect_sense(send({0x2e, 0, 0, 0, 0, 9, 0, 0, 2, 0}, pattern(2, 7)), Sense::aborted_command());
}

TEST_F(VerifyTest, WriteAndVerifyRefusesAReservedByteCheckAndAReadOnlyDisk) {
  expect_invalid_field(send({0x2e, 4, 0, 0, 0, 9, 0, 0, 1, 0}, pattern(1, 1)), WritingAndVerifying::byte_check);
  make({}, {.read_only = true});
  expect_sense(send({0x2e, 2, 0, 0, 0, 9, 0, 0, 1, 0}, pattern(1, 1)), Sense::write_protected());
}

}  // namespace
}  // namespace tgt
