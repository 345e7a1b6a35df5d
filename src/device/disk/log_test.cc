// SPDX-License-Identifier: Apache-2.0
// LOG SENSE and LOG SELECT, as a disk has them.
#include "device/disk/disk_fixture.h"
#include "device/primary/log_sense.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using List = std::vector<std::uint8_t>;

List log_sense(std::uint8_t page, std::uint8_t subpage = 0, std::uint8_t pointer = 0) {
  return {0x4d, 0, static_cast<std::uint8_t>(0x40 | page), subpage, 0, 0, pointer, 2, 0, 0};
}
List log_select(std::uint8_t page, std::uint8_t flags = 0x02) {
  return {0x4c, flags, static_cast<std::uint8_t>(0xc0 | page), 0, 0, 0, 0, 0, 0, 0};
}

struct LogTest : DiskFixture {
  // The value of a counter of eight bytes, `index` of them after the start of a parameter.
  std::uint64_t counter(std::uint8_t page, unsigned parameter, unsigned index = 0) {
    const List data = send(log_sense(page)).data;
    for (std::size_t at = 4; at + 4 <= data.size(); at += 4u + data[at + 3]) {
      if (data[at] * 256u + data[at + 1] == parameter)
        return Field{0, 7, 64}.read(Bytes(data).subspan(at + 4 + index * 8u));
    }
    ADD_FAILURE() << "no parameter " << parameter;
    return 0;
  }
  // Every page is as long as it says, and so is every parameter.
  void expect_whole(const List& data) {
    ASSERT_GE(data.size(), 4u);
    EXPECT_EQ(data[2] * 256u + data[3], data.size() - 4);
    std::size_t at = 4;
    while (at + 4 <= data.size()) at += 4u + data[at + 3];
    EXPECT_EQ(at, data.size());
  }
};

TEST_F(LogTest, ListsItsPages) {
  const List pages = send(log_sense(0)).data;
  EXPECT_THAT(pages, ElementsAre(0x80, 0, 0, 8, 0x00, 0x02, 0x03, 0x05, 0x0d, 0x11, 0x19, 0x2f));
  for (const std::uint8_t page : Bytes(pages).subspan(5)) expect_whole(send(log_sense(page)).data);
  EXPECT_THAT(send(log_sense(0, 0xff)).data,
              ElementsAre(0xc0, 0xff, 0, 18, 0, 0, 0, 0xff, 2, 0, 3, 0, 5, 0, 0x0d, 0, 0x11, 0, 0x19, 0, 0x2f, 0));
  EXPECT_THAT(send(log_sense(3, 0xff)).data, ElementsAre(0xc3, 0xff, 0, 2, 3, 0));
}

TEST_F(LogTest, OfADiskThatRotatesHasNoSolidStateMedia) {
  EXPECT_TRUE(bench().device().configure("rotation_rate", "7200"));
  EXPECT_THAT(send(log_sense(0)).data, ElementsAre(0x80, 0, 0, 7, 0x00, 0x02, 0x03, 0x05, 0x0d, 0x19, 0x2f));
  expect_invalid_field(send(log_sense(0x11)), LogSense::page_code);
}

TEST_F(LogTest, CountsWhatWasReadWrittenAndVerified) {
  put(0, pattern(8, 1));
  EXPECT_EQ(send(read10(0, 2)).status, Status::good);
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
  EXPECT_EQ(send({0x2f, 0, 0, 0, 0, 0, 0, 0, 4, 0}).status, Status::good);
  EXPECT_EQ(counter(0x02, 5), 8u * 512);
  EXPECT_EQ(counter(0x03, 5), 3u * 512);
  EXPECT_EQ(counter(0x05, 5), 4u * 512);
  EXPECT_EQ(counter(0x19, 1, 0), 2u) << "read commands";
  EXPECT_EQ(counter(0x19, 1, 1), 1u) << "write commands";
  EXPECT_EQ(counter(0x19, 1, 2), 8u) << "blocks received";
  EXPECT_EQ(counter(0x19, 1, 3), 3u) << "blocks transmitted";
}

TEST_F(LogTest, CountsEveryCommandThatWrites) {
  const auto cdb_of_16 = [](std::uint8_t operation_code, std::uint8_t flags) {
    return List{operation_code, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0};
  };
  EXPECT_EQ(send(cdb_of_16(0x8b, 0), pattern(2, 1)).status, Status::good) << "ORWRITE";
  EXPECT_EQ(counter(0x19, 1, 1), 1u);
  EXPECT_EQ(send(cdb_of_16(0x93, 0), pattern(1, 1)).status, Status::good) << "WRITE SAME";
  EXPECT_EQ(send(cdb_of_16(0x93, 0x01)).status, Status::good) << "WRITE SAME of zeros";
  EXPECT_EQ(send(cdb_of_16(0x8e, 0), pattern(2, 1)).status, Status::good) << "WRITE AND VERIFY";
  EXPECT_EQ(counter(0x19, 1, 1), 4u) << "write commands";
  EXPECT_EQ(counter(0x19, 1, 3), 0u) << "blocks transmitted";
  EXPECT_EQ(counter(0x02, 5), 4u * 2 * 512) << "bytes written";
  make({.write_bad_from = 512}, {});
  EXPECT_EQ(send(cdb_of_16(0x8b, 0), pattern(2, 1)).status, Status::check_condition);
  EXPECT_EQ(send(cdb_of_16(0x93, 0), pattern(1, 1)).status, Status::check_condition);
  EXPECT_EQ(counter(0x19, 1, 1), 0u);
  EXPECT_EQ(counter(0x02, 6), 2u) << "uncorrected errors";
}

TEST_F(LogTest, CountsWhatTheMediumCouldNotDo) {
  make({.bad_from = 512}, {});
  EXPECT_EQ(send(read10(0, 2)).status, Status::check_condition);
  EXPECT_EQ(send(write10(1, 1), pattern(1, 1)).status, Status::check_condition);
  EXPECT_EQ(send({0x2f, 0, 0, 0, 0, 0, 0, 0, 4, 0}).status, Status::check_condition);
  EXPECT_EQ(send({0x2f, 0, 0, 0, 0, 0, 0, 0, 5, 0}).status, Status::check_condition);
  EXPECT_EQ(counter(0x02, 6), 1u);
  EXPECT_EQ(counter(0x03, 6), 1u);
  EXPECT_EQ(counter(0x05, 6), 2u);
}

TEST_F(LogTest, SaysThatItHasNoThermometer) {
  EXPECT_THAT(send(log_sense(0x0d)).data, ElementsAre(0x8d, 0, 0, 12, 0, 0, 3, 2, 0, 0xff, 0, 1, 3, 2, 0, 0xff));
}

TEST_F(LogTest, BeginsWithTheParameterThatIsAskedFor) {
  const List data = send(log_sense(0x02, 0, 5)).data;
  expect_whole(data);
  EXPECT_EQ(data[5], 5);
  expect_invalid_field(send(log_sense(0x02, 0, 7)), LogSense::parameter_pointer);
  expect_invalid_field(send(log_sense(0x00, 0, 1)), LogSense::parameter_pointer);
}

TEST_F(LogTest, RefusesPagesAndValuesThatItDoesNotHave) {
  expect_invalid_field(send(log_sense(0x01)), LogSense::page_code);
  expect_invalid_field(send(log_sense(0x02, 1)), LogSense::subpage_code);
  expect_invalid_field(send(log_sense(0x01, 0xff)), LogSense::page_code);
  expect_invalid_field(send(log_sense(0x00, 1)), LogSense::subpage_code);
  for (const std::uint8_t control : List{0x00, 0x80, 0xc0}) {
    expect_invalid_field(send({0x4d, 0, static_cast<std::uint8_t>(control | 2), 0, 0, 0, 0, 1, 0, 0}),
                         LogSense::page_control);
  }
  expect_invalid_field(send({0x4d, 1, 0x42, 0, 0, 0, 0, 1, 0, 0}), Field{1, 0, 1});
}

TEST_F(LogTest, SelectSetsTheCountersOfOnePageBack) {
  put(0, pattern(8, 1));
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::check_condition);
  EXPECT_EQ(send(log_select(0x02)).status, Status::good);
  EXPECT_EQ(counter(0x02, 5), 0u);
  EXPECT_EQ(counter(0x19, 1, 1), 1u);
  expect_sense(bench().send_as(other, {0, 0, 0, 0, 0, 0}), Sense::log_parameters_changed());
  put(0, pattern(1, 1));
  EXPECT_EQ(counter(0x02, 5), 512u);
  EXPECT_EQ(send(log_select(0x00)).status, Status::good);
  EXPECT_EQ(counter(0x02, 5), 0u);
  EXPECT_EQ(counter(0x19, 1, 1), 0u);
}

TEST_F(LogTest, SelectRefusesWhatItCannotSet) {
  put(0, pattern(1, 1));
  expect_invalid_field(send({0x4c, 2, 0xc2, 0, 0, 0, 0, 0, 4, 0}, List(4)), LogSelect::parameter_list_length);
  expect_invalid_field(send(log_select(0x01)), LogSelect::page_code);
  expect_invalid_field(send({0x4c, 0, 0x02, 0, 0, 0, 0, 0, 0, 0}), LogSelect::page_control);
  expect_invalid_field(send({0x4c, 1, 0xc2, 0, 0, 0, 0, 0, 0, 0}), Field{1, 0, 1});
  EXPECT_EQ(send({0x4c, 0, 0x42, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(counter(0x02, 5), 512u) << "nothing was set";
}

}  // namespace
}  // namespace tgt
