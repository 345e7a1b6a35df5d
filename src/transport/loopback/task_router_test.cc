// SPDX-License-Identifier: Apache-2.0
#include "core/task_router.h"

#include <gmock/gmock.h>

#include "scsi/lun.h"
#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Lun lun_0{0};
constexpr Lun lun_5{5};
constexpr Lun absent{9};

class TaskRouterTest : public testing::Test {
 protected:
  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun_0);
  LoopbackInitiator& alice_ = world_.add_initiator(0);
};

TEST_F(TaskRouterTest, ANewNexusIsToldOfThePowerOnOnceAndThenServed) {
  const LoopbackReply first = world_.run(alice_, {.cdb = test_unit_ready()});
  EXPECT_EQ(first.status, Status::check_condition);
  EXPECT_EQ(first.sense, Sense::power_on_or_reset());
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).status, Status::good);
}

TEST_F(TaskRouterTest, APortThatLogsInAgainIsToldOfANexusLoss) {
  LoopbackInitiator& first = world_.add_initiator(0, "iqn.2026-01.example:again");
  spawn(first.logout());
  world_.settle();
  LoopbackInitiator& again = world_.add_initiator(1, "iqn.2026-01.example:again");
  EXPECT_EQ(world_.run(again, {.cdb = test_unit_ready()}).sense, Sense::i_t_nexus_loss());
}

TEST_F(TaskRouterTest, InquiryAndReportLunsLeaveTheUnitAttentionPending) {
  EXPECT_EQ(world_.run(alice_, {.cdb = inquiry(), .expected_data_in = 96}).status, Status::good);
  EXPECT_EQ(world_.run(alice_, {.cdb = report_luns(), .expected_data_in = 4096}).status, Status::good);
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).sense, Sense::power_on_or_reset());
}

TEST_F(TaskRouterTest, RequestSenseReturnsTheUnitAttentionAsDataAndClearsIt) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = request_sense(), .expected_data_in = 252});
  EXPECT_EQ(reply.status, Status::good);
  ASSERT_GE(reply.data.size(), 14u);
  EXPECT_EQ(reply.data[0], 0x70);
  EXPECT_EQ(reply.data[2], 0x06);
  EXPECT_EQ(reply.data[12], 0x29);
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).status, Status::good);
}

TEST_F(TaskRouterTest, AnUnknownCommandIsToldOfTheUnitAttentionFirst) {
  const Cdb unknown = cdb_of({0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(world_.run(alice_, {.cdb = unknown}).sense, Sense::power_on_or_reset());
  EXPECT_EQ(world_.run(alice_, {.cdb = unknown}).sense, Sense::invalid_operation_code());
}

TEST_F(TaskRouterTest, InquiryOfAnAbsentLunSaysThatNothingIsThere) {
  const LoopbackReply reply = world_.run(alice_, {.lun = absent, .cdb = inquiry(), .expected_data_in = 96});
  EXPECT_EQ(reply.status, Status::good);
  ASSERT_FALSE(reply.data.empty());
  EXPECT_EQ(reply.data[0], 0x7f);
}

TEST_F(TaskRouterTest, RequestSenseOfAnAbsentLunSaysSoInItsData) {
  const LoopbackReply reply = world_.run(alice_, {.lun = absent, .cdb = request_sense(), .expected_data_in = 252});
  EXPECT_EQ(reply.status, Status::good);
  ASSERT_GE(reply.data.size(), 14u);
  EXPECT_EQ(reply.data[2], 0x05);
  EXPECT_EQ(reply.data[12], 0x25);
}

TEST_F(TaskRouterTest, EverythingElseIsRefusedOnAnAbsentLun) {
  for (const Cdb& cdb : {test_unit_ready(), read_10(8), write_10(8)}) {
    const LoopbackReply reply = world_.run(alice_, {.lun = absent, .cdb = cdb, .data_out = {1, 2, 3}});
    EXPECT_EQ(reply.status, Status::check_condition);
    EXPECT_EQ(reply.sense, Sense::logical_unit_not_supported());
  }
}

std::vector<std::uint64_t> luns_in(const LoopbackReply& reply) {
  std::vector<std::uint64_t> luns;
  for (std::size_t at = 8; at + 8 <= reply.data.size(); at += 8) {
    luns.push_back(*read_wire<be64>(Bytes(reply.data).subspan(at)));
  }
  return luns;
}

TEST_F(TaskRouterTest, ReportLunsGivesTheTargetsMapWhateverLunIsAsked) {
  world_.add_unit(Lun{300});
  for (const Lun asked : {lun_0, Lun{300}, absent}) {
    const LoopbackReply reply = world_.run(alice_, {.lun = asked, .cdb = report_luns(), .expected_data_in = 4096});
    EXPECT_EQ(reply.status, Status::good);
    EXPECT_THAT(luns_in(reply), ElementsAre(0u, 0x412c000000000000u));
  }
}

TEST_F(TaskRouterTest, ReportLunsNamesTheWellKnownUnitWhenAsked) {
  const LoopbackReply only = world_.run(alice_, {.cdb = report_luns(1), .expected_data_in = 4096});
  EXPECT_THAT(luns_in(only), ElementsAre(report_luns_well_known_unit));
  const LoopbackReply all = world_.run(alice_, {.cdb = report_luns(2), .expected_data_in = 4096});
  EXPECT_THAT(luns_in(all), ElementsAre(0u, report_luns_well_known_unit));
  const LoopbackReply bad = world_.run(alice_, {.cdb = report_luns(3), .expected_data_in = 4096});
  EXPECT_EQ(bad.sense, Sense::invalid_field_in_cdb());
}

TEST_F(TaskRouterTest, ReportLunsIsCutToItsAllocationLengthButSaysTheWholeLength) {
  world_.add_unit(lun_5);
  const Cdb short_list = cdb_of({0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0});
  const LoopbackReply reply = world_.run(alice_, {.cdb = short_list, .expected_data_in = 16});
  ASSERT_THAT(reply.data, SizeIs(16));
  EXPECT_EQ(reply.data[3], 16);
  EXPECT_EQ(reply.residual.kind, Residual::Kind::none);
}

TEST_F(TaskRouterTest, AChangedMapIsToldOnEveryOtherUnitUntilReportLunsIsRead) {
  world_.clear_attentions(alice_, lun_0);
  world_.add_unit(lun_5);
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).sense, Sense::reported_luns_data_changed());
  world_.add_unit(Lun{6});
  world_.run(alice_, {.cdb = report_luns(), .expected_data_in = 4096});
  EXPECT_EQ(world_.run(alice_, {.cdb = test_unit_ready()}).status, Status::good);
}

TEST_F(TaskRouterTest, AnAcaTaskIsRefused) {
  world_.clear_attentions(alice_, lun_0);
  const LoopbackReply reply = world_.run(alice_, {.cdb = test_unit_ready(), .attribute = TaskAttribute::aca});
  EXPECT_EQ(reply.status, Status::check_condition);
  EXPECT_EQ(reply.sense, Sense::of(SenseKey::illegal_request, 0x49, 0x00));
}

class ResidualTest : public TaskRouterTest {
 protected:
  ResidualTest() { world_.clear_attentions(alice_, lun_0); }
};

TEST_F(ResidualTest, DataInBeyondWhatIsExpectedIsCutAndToldAsOverflow) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = read_10(100), .expected_data_in = 60, .tag = 7});
  EXPECT_THAT(reply.data, SizeIs(60));
  EXPECT_THAT(reply.data, Each(7));
  EXPECT_EQ(reply.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(reply.residual.bytes, 40u);
}

TEST_F(ResidualTest, DataInBelowWhatIsExpectedIsToldAsUnderflow) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = read_10(100), .expected_data_in = 130});
  EXPECT_THAT(reply.data, SizeIs(100));
  EXPECT_EQ(reply.residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(reply.residual.bytes, 30u);
}

TEST_F(ResidualTest, WhatTheAllocationLengthCutsIsNoResidual) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = inquiry(36), .expected_data_in = 36});
  EXPECT_THAT(reply.data, SizeIs(36));
  EXPECT_EQ(reply.residual.kind, Residual::Kind::none);
}

TEST_F(ResidualTest, AWriteThatWantsMoreThanAnnouncedIsRefusedAndNothingIsWritten) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = write_10(100), .data_out = std::vector<std::uint8_t>(60)});
  EXPECT_EQ(reply.status, Status::check_condition);
  EXPECT_EQ(reply.sense, Sense::invalid_field_in_command_information_unit());
  EXPECT_EQ(reply.residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(reply.residual.bytes, 40u);
  EXPECT_THAT(device_.history(), IsEmpty());
}

TEST_F(ResidualTest, AWriteThatWantsLessThanAnnouncedIsDoneWithUnderflow) {
  const LoopbackReply reply = world_.run(alice_, {.cdb = write_10(100), .data_out = std::vector<std::uint8_t>(130)});
  EXPECT_EQ(reply.status, Status::good);
  EXPECT_EQ(reply.residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(reply.residual.bytes, 30u);
}

TEST_F(ResidualTest, AReadThatIsRefusedTransfersNothing) {
  const Cdb bad = cdb_of({0x28, 0xe0, 0, 0, 0, 0, 0, 0, 1, 0});
  const LoopbackReply reply = world_.run(alice_, {.cdb = bad, .expected_data_in = 512});
  EXPECT_EQ(reply.sense, Sense::invalid_field_in_cdb());
  ASSERT_TRUE(reply.sense->field);
  EXPECT_EQ(reply.sense->field->byte, 1);
  EXPECT_EQ(reply.sense->field->bit, 7);
  EXPECT_EQ(reply.residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(reply.residual.bytes, 512u);
}

TEST_F(ResidualTest, CountersTellWhatWasAskedAndWhatWasDone) {
  world_.run(alice_, {.cdb = read_10(100), .expected_data_in = 130});
  world_.run(alice_, {.cdb = write_10(50), .data_out = std::vector<std::uint8_t>(50)});
  const auto views = world_.target->nexuses();
  ASSERT_THAT(views, SizeIs(1));
  ASSERT_THAT(views[0].statistics, SizeIs(1));
  const Target::NexusStatistics& statistics = views[0].statistics[0];
  EXPECT_EQ(statistics.read_submitted_bytes, 130u);
  EXPECT_EQ(statistics.read_done_bytes, 100u);
  EXPECT_EQ(statistics.write_done_commands, 1u);
  EXPECT_EQ(statistics.write_done_bytes, 50u);
  EXPECT_EQ(statistics.errors, 1u);  // the unit attention at the start
}

TEST_F(ResidualTest, ExhaustedDataMemoryIsBusyOrTaskSetFullAndNotAnError) {
  std::vector<Buffer> all;
  for (;;) {
    Buffer buffer = world_.shards()[0]->buffers().allocate(BufferPool::largest);
    if (!buffer) break;
    all.push_back(std::move(buffer));
  }
  EXPECT_EQ(world_.run(alice_, {.cdb = read_10(100), .expected_data_in = 100}).status, Status::busy);
  all.clear();
  EXPECT_EQ(world_.run(alice_, {.cdb = read_10(100), .expected_data_in = 100}).status, Status::good);
}

}  // namespace
}  // namespace tgt
