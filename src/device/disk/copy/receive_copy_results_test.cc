// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/receive_copy_results.h"

#include "device/disk/copy/copy_bench.h"
#include "device/disk/copy/copy_list.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

class ReceiveCopyResultsTest : public CopyFixture {
 protected:
  Answer copy_well(std::uint8_t identifier = 1) {
    return copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 4, 0, 0), segment(0, 1, 2, 0, 0)}, identifier));
  }
  Answer copy_badly(std::uint8_t identifier = 1) {
    return copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 4, blocks, 0)}, identifier));
  }
  static void expect_unknown(const Answer& answer) {
    expect_sense(answer, Sense::invalid_field_in_cdb());
    expect_pointer(answer, FieldPointer::Where::cdb, 2);
  }
};

TEST_F(ReceiveCopyResultsTest, TellsHowACopyEnded) {
  ASSERT_EQ(copy_well().status, Status::good);
  EXPECT_EQ(results(0x00).data, (List{0, 0, 0, 8, 0x01, 0, 2, 0, 0, 0, 0x0c, 0}));
  copy_badly();
  EXPECT_EQ(results(0x00).data, (List{0, 0, 0, 8, 0x02, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(ReceiveCopyResultsTest, KnowsNoCopyThatWasNotSent) {
  for (const std::uint8_t action : List{0x00, 0x01, 0x04}) expect_unknown(results(action, 9));
}

TEST_F(ReceiveCopyResultsTest, GivesTheSenseOfACopyThatFailed) {
  ASSERT_EQ(copy_well().status, Status::good);
  expect_unknown(results(0x04));
  const Answer failed = copy_badly();
  const Answer details = results(0x04);
  ASSERT_EQ(details.data.size(), 60u + 18u);
  EXPECT_EQ(details.data[3], 74);
  EXPECT_EQ(details.data[56], 0x02);
  EXPECT_EQ(details.data[59], 18);
  const auto sense = SenseData::from_device(Bytes(details.data).subspan(60)).decode();
  ASSERT_TRUE(sense && failed.sense);
  EXPECT_EQ(*sense, *failed.sense);
}

TEST_F(ReceiveCopyResultsTest, HoldsNoData) {
  ASSERT_EQ(copy_well().status, Status::good);
  expect_unknown(results(0x01));
}

TEST_F(ReceiveCopyResultsTest, TellsTheLimitsThatAreKept) {
  const Answer answer = results(0x03, 0);
  ASSERT_EQ(answer.data.size(), 46u);
  EXPECT_EQ(*read_wire<be32>(answer.data), 42u);
  EXPECT_EQ(answer.data[4], 1);
  EXPECT_EQ(*read_wire<be16>(Bytes(answer.data).subspan(8)), CopyList::most_cscds);
  EXPECT_EQ(*read_wire<be16>(Bytes(answer.data).subspan(10)), CopyList::most_segments);
  EXPECT_EQ(*read_wire<be32>(Bytes(answer.data).subspan(12)), CopyList::longest_descriptors);
  EXPECT_EQ(answer.data[36], 16);
  EXPECT_EQ(answer.data[43], 2);
  EXPECT_EQ(answer.data[44], 0x02);
  EXPECT_EQ(answer.data[45], 0xe4);
}

TEST_F(ReceiveCopyResultsTest, ARunningIdentifierIsNotUsedTwiceAndMoreThanSixteenAreRefused) {
  store(0).script().takes = 10ms;
  std::vector<std::shared_ptr<Answer>> answers;
  for (std::uint8_t identifier = 0; identifier < 16; ++identifier) {
    const List list = list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, identifier)}, identifier);
    answers.push_back(bench().start(Lun{0}, copy_cdb(list.size()), list));
  }
  EXPECT_EQ(results(0x00, 3).data[4], 0x00);
  expect_sense(copy_well(3), copy_sense::operation_in_progress);
  EXPECT_EQ(copy_well(100).status, Status::busy);
  bench().reactor().run_until([&] { return std::ranges::all_of(answers, [](auto& each) { return each->answered; }); });
  EXPECT_EQ(copy_well(100).status, Status::good);
  EXPECT_EQ(results(0x00, 3).data[4], 0x01);
}

TEST_F(ReceiveCopyResultsTest, OnlyTheLatestAreRemembered) {
  for (unsigned identifier = 0; identifier < 40; ++identifier) copy_well(static_cast<std::uint8_t>(identifier));
  expect_unknown(results(0x00, 7));
  EXPECT_EQ(results(0x00, 8).status, Status::good);
}

TEST_F(ReceiveCopyResultsTest, ThePageForThirdPartyCopiesNamesEveryCommandOfTheTable) {
  const Answer answer = bench().send({0x12, 1, 0x8f, 4, 0, 0});
  ASSERT_EQ(answer.status, Status::good);
  EXPECT_EQ(*read_wire<be16>(Bytes(answer.data).subspan(2)), answer.data.size() - 4);
  std::map<unsigned, List> descriptors;
  for (Bytes rest = Bytes(answer.data).subspan(4); !rest.empty();) {
    const std::size_t length = std::size_t{*read_wire<be16>(rest.subspan(2))} + 4;
    ASSERT_EQ(length % 4, 0u);
    ASSERT_LE(length, rest.size());
    descriptors[*read_wire<be16>(rest)] = List(rest.begin() + 4, rest.begin() + static_cast<std::ptrdiff_t>(length));
    rest = rest.subspan(length);
  }
  EXPECT_THAT(descriptors[0x0001],
              testing::ElementsAre(12, 0x83, 3, 0x00, 0x10, 0x11, 0x84, 5, 0x00, 0x01, 0x03, 0x04, 0x07, 0, 0, 0));
  EXPECT_THAT(descriptors[0x0008], testing::ElementsAre(2, 0x02, 0xe4, 0));
  EXPECT_THAT(descriptors[0x000c], testing::ElementsAre(0, 2, 0xff, 0xff));
  EXPECT_EQ(descriptors[0x0000].size(), 32u);
  EXPECT_EQ(descriptors[0x0004].size(), 28u);
  EXPECT_EQ(descriptors[0x0106].size(), 92u);
  EXPECT_EQ(descriptors[0x0108].size(), 132u);
  EXPECT_EQ(descriptors[0x8001].size(), 32u);
  EXPECT_EQ(bench().send({0x12, 0, 0, 0, 96, 0}).data[5] & 0x08, 0x08);  // 3PC
}

}  // namespace
}  // namespace tgt
