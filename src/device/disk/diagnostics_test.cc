// SPDX-License-Identifier: Apache-2.0
// READ BUFFER, WRITE BUFFER, SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS, as a disk has them.
#include "device/disk/disk_fixture.h"
#include "device/primary/read_buffer.h"
#include "device/primary/send_diagnostic.h"
#include "device/primary/write_buffer.h"

namespace tgt {
namespace {

using testing::Each;
using testing::ElementsAre;
using List = std::vector<std::uint8_t>;

constexpr std::uint8_t data_mode = 0x02;
constexpr std::uint8_t echo_mode = 0x0a;

List write_buffer(std::uint8_t mode, std::uint16_t offset, std::uint16_t length, std::uint8_t id = 0) {
  const auto byte = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  return {0x3b, mode, id, 0, byte(offset >> 8), byte(offset), 0, byte(length >> 8), byte(length), 0};
}
List read_buffer(std::uint8_t mode, std::uint16_t offset, std::uint16_t length, std::uint8_t id = 0) {
  List cdb = write_buffer(mode, offset, length, id);
  cdb[0] = 0x3c;
  return cdb;
}

struct BufferTest : DiskFixture {};
struct DiagnosticTest : DiskFixture {};

TEST_F(BufferTest, TellsItsSize) {
  EXPECT_THAT(send(read_buffer(0x03, 0, 4)).data, ElementsAre(0, 0, 0x10, 0));
  EXPECT_THAT(send(read_buffer(0x03, 0, 4, 1)).data, ElementsAre(0, 0, 0, 0)) << "there is no second buffer";
  EXPECT_THAT(send(read_buffer(0x0b, 0, 4)).data, ElementsAre(1, 0, 0x10, 0));
}

TEST_F(BufferTest, GivesBackWhatWasWrittenToIt) {
  EXPECT_THAT(send(read_buffer(data_mode, 0, 4096)).data, Each(0));
  EXPECT_EQ(send(write_buffer(data_mode, 4090, 6), {1, 2, 3, 4, 5, 6}).status, Status::good);
  EXPECT_EQ(send(write_buffer(data_mode, 4091, 2), {8, 9}).status, Status::good);
  EXPECT_THAT(send(read_buffer(data_mode, 4090, 100)).data, ElementsAre(1, 8, 9, 4, 5, 6));
  EXPECT_THAT(send(read_buffer(data_mode, 4096, 100)).data, ElementsAre());
  EXPECT_EQ(send(write_buffer(data_mode, 0, 0)).status, Status::good);
}

TEST_F(BufferTest, EchoesWhatWasWrittenLast) {
  expect_sense(send(read_buffer(echo_mode, 0, 16)), Sense::command_sequence_error());
  EXPECT_EQ(send(write_buffer(echo_mode, 0, 4), {1, 2, 3, 4}).status, Status::good);
  EXPECT_EQ(send(write_buffer(echo_mode, 0, 3), {7, 8, 9}).status, Status::good);
  EXPECT_THAT(send(read_buffer(echo_mode, 0, 16)).data, ElementsAre(7, 8, 9));
  EXPECT_THAT(send(read_buffer(data_mode, 0, 4)).data, Each(0)) << "another buffer";
}

TEST_F(BufferTest, IsNeverShownToAnotherInitiator) {
  EXPECT_EQ(send(write_buffer(echo_mode, 0, 4), {1, 2, 3, 4}).status, Status::good);
  EXPECT_EQ(send(write_buffer(data_mode, 0, 4), {1, 2, 3, 4}).status, Status::good);
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::check_condition);
  expect_sense(bench().send_as(other, read_buffer(echo_mode, 0, 16)), Sense::command_sequence_error());
  EXPECT_THAT(bench().send_as(other, read_buffer(data_mode, 0, 16)).data, Each(0));
  EXPECT_EQ(bench().send_as(other, write_buffer(echo_mode, 0, 1), {5}).status, Status::good);
  EXPECT_THAT(send(read_buffer(echo_mode, 0, 16)).data, ElementsAre(1, 2, 3, 4));
}

TEST_F(BufferTest, RefusesWhatIsBeyondItsEnd) {
  expect_invalid_field(send(write_buffer(data_mode, 4097, 0)), WriteBuffer10::buffer_offset);
  expect_invalid_field(send(write_buffer(data_mode, 4096, 1), {1}), WriteBuffer10::parameter_list_length);
  expect_invalid_field(send(write_buffer(echo_mode, 0, 4097), List(4097)), WriteBuffer10::parameter_list_length);
  expect_invalid_field(send(read_buffer(data_mode, 4097, 1)), ReadBuffer10::buffer_offset);
  expect_invalid_field(send(write_buffer(data_mode, 0, 1, 1), {1}), WriteBuffer10::buffer_id);
  expect_invalid_field(send(read_buffer(data_mode, 0, 1, 1)), ReadBuffer10::buffer_id);
}

TEST_F(BufferTest, TakesNoMicrocode) {
  for (const std::uint8_t mode : List{0x00, 0x04, 0x05, 0x06, 0x07, 0x0d, 0x0e, 0x0f, 0x1c}) {
    expect_invalid_field(send(write_buffer(mode, 0, 4), List(4)), WriteBuffer10::mode);
    expect_invalid_field(send(read_buffer(mode, 0, 4)), ReadBuffer10::mode);
  }
  expect_invalid_field(send(write_buffer(0x22, 0, 4), List(4)), Field{1, 5, 1});
}

TEST_F(BufferTest, TakesAsMuchAsTheInitiatorSends) {
  EXPECT_EQ(send(write_buffer(echo_mode, 0, 100), {1, 2}).status, Status::good);
  EXPECT_THAT(send(read_buffer(echo_mode, 0, 16)).data, ElementsAre(1, 2));
}

TEST_F(DiagnosticTest, TheDefaultSelfTestReadsTheMedium) {
  EXPECT_EQ(send({0x1d, 4, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x1d, 0, 0, 0, 0, 0}).status, Status::good);
  make({.bad_from = 0}, {});
  expect_sense(send({0x1d, 4, 0, 0, 0, 0}), Sense::logical_unit_failed_self_test());
  make({}, {.removable = true});
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  expect_sense(send({0x1d, 4, 0, 0, 0, 0}), Sense::medium_not_present());
}

TEST_F(DiagnosticTest, OtherSelfTestsAreRefused) {
  expect_invalid_field(send({0x1d, 0x20, 0, 0, 0, 0}), Field{1, 5, 1});
  expect_invalid_field(send({0x1d, 4, 0, 0, 4, 0}, List(4)), SendDiagnostic::parameter_list_length);
}

TEST_F(DiagnosticTest, ListsItsOnlyPage) {
  EXPECT_EQ(send({0x1d, 0x10, 0, 0, 4, 0}, List(4)).status, Status::good);
  EXPECT_THAT(send({0x1c, 0, 0, 0, 255, 0}).data, ElementsAre(0, 0, 0, 1, 0));
  EXPECT_THAT(send({0x1c, 1, 0, 0, 255, 0}).data, ElementsAre(0, 0, 0, 1, 0));
  expect_invalid_field(send({0x1c, 1, 1, 0, 255, 0}), ReceiveDiagnosticResults::page_code);
}

TEST_F(DiagnosticTest, RefusesPagesThatItDoesNotHave) {
  expect_invalid_field(send({0x1d, 0, 0, 0, 4, 0}, List(4)), SendDiagnostic::page_format);
  EXPECT_EQ(send({0x1d, 0x10, 0, 0, 4, 0}, {0x40, 0, 0, 0}).sense->field->byte, 0);
  EXPECT_EQ(send({0x1d, 0x10, 0, 0, 5, 0}, {0, 0, 0, 1, 0}).sense->field->byte, 2);
  expect_sense(send({0x1d, 0x10, 0, 0, 3, 0}, List(3)), Sense::parameter_list_length_error());
  expect_sense(send({0x1d, 0x10, 0, 0, 5, 0}, List(5)), Sense::parameter_list_length_error());
}

}  // namespace
}  // namespace tgt
