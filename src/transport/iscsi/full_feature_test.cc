// SPDX-License-Identifier: Apache-2.0
// SCSI commands and their data over a connection, seen from the wire.
#include "transport/iscsi/full_feature_phase.h"

#include <gtest/gtest.h>

#include <numeric>

#include "transport/iscsi/iscsi_world.h"

namespace tgt {
namespace {

using iscsi::Opcode;

constexpr std::uint8_t reads = iscsi::final_bit | iscsi::ScsiCommandHeader::read_bit;
constexpr std::uint8_t writes = iscsi::final_bit | iscsi::ScsiCommandHeader::write_bit;
constexpr std::uint8_t writes_more = iscsi::ScsiCommandHeader::write_bit;
constexpr std::uint64_t fake_lun = std::uint64_t{1} << 48;

Octets pattern(std::size_t size, std::uint8_t first = 1) {
  Octets bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i * 7 + i / 253);
  return bytes;
}

struct Cdb12 {
  std::uint8_t code;
  std::uint32_t at;
  std::uint32_t length;
};

class FullFeature : public testing::TestWithParam<std::uint64_t> {
 protected:
  static std::uint32_t send(WireInitiator& initiator, const Cdb12& cdb, const WireInitiator::CommandOptions& options) {
    const auto byte = [](std::uint32_t value, unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
    return initiator.command(
        {cdb.code, 0, byte(cdb.at, 24), byte(cdb.at, 16), byte(cdb.at, 8), byte(cdb.at, 0), byte(cdb.length, 24),
         byte(cdb.length, 16), byte(cdb.length, 8), byte(cdb.length, 0), 0, 0},
        options);
  }
  static std::uint32_t read(WireInitiator& initiator, std::uint32_t at, std::uint32_t length,
                            std::optional<std::uint32_t> expected = {}) {
    return send(initiator, {0xa8, at, length}, {.flags = reads, .expected_length = expected.value_or(length)});
  }
  bool closed_after(WireInitiator& initiator, Duration time) {
    world_.reactor.advance(time);
    return initiator.closed(0s);
  }
  static iscsi::ScsiResponseHeader response(WireInitiator& initiator) {
    return initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>();
  }
  // The status of a write that brings its data.
  static std::uint8_t write_small(WireInitiator& initiator) {
    const Octets content = pattern(512);
    send(initiator, {0xaa, 4096, 512}, {.flags = writes, .expected_length = 512, .data = content});
    return response(initiator).status;
  }
  // Sense key, additional sense code and qualifier of a CHECK CONDITION.
  static std::uint32_t sense(WireInitiator& initiator) {
    const auto pdu = initiator.expect(Opcode::scsi_response);
    EXPECT_EQ(pdu.as<iscsi::ScsiResponseHeader>().status, static_cast<std::uint8_t>(Status::check_condition));
    if (pdu.data.size() < 20) return 0;
    return static_cast<std::uint32_t>(pdu.data[4] & 0xf) << 16 | static_cast<std::uint32_t>(pdu.data[14]) << 8 |
           pdu.data[15];
  }
  static void send_data(WireInitiator& initiator, std::uint32_t task_tag, std::uint32_t transfer_tag,
                        std::uint32_t sequence_number, std::uint32_t offset, Bytes data, bool final) {
    iscsi::DataOutHeader header;
    header.flags = final ? iscsi::final_bit : 0;
    header.initiator_task_tag = task_tag;
    header.target_transfer_tag = transfer_tag;
    header.data_sn = sequence_number;
    header.buffer_offset = offset;
    initiator.send(header, data);
  }
  // Data-In of one read with its good status; checks numbers and flags.
  static Octets data_in(WireInitiator& initiator, std::uint32_t task_tag, std::size_t longest_segment,
                        std::size_t burst = std::size_t{1} << 20) {
    Octets data;
    for (std::uint32_t number = 0;; ++number) {
      const auto pdu = initiator.expect(Opcode::data_in);
      const auto header = pdu.as<iscsi::DataInHeader>();
      EXPECT_EQ(header.initiator_task_tag, task_tag);
      EXPECT_EQ(header.data_sn, number);
      EXPECT_EQ(header.buffer_offset, data.size());
      EXPECT_LE(pdu.data.size(), longest_segment);
      if (pdu.data.empty()) return data;
      data.insert(data.end(), pdu.data.begin(), pdu.data.end());
      const bool last = (header.flags & iscsi::DataInHeader::status_bit) != 0;
      EXPECT_EQ((header.flags & iscsi::final_bit) != 0, last || data.size() % burst == 0);
      if (last) return data;
    }
  }
  Octets scratch(std::size_t at, std::size_t length) {
    const auto begin = world_.scratch->bytes().begin() + static_cast<std::ptrdiff_t>(at);
    return {begin, begin + static_cast<std::ptrdiff_t>(length)};
  }

  IscsiWorld world_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, FullFeature, testing::Range<std::uint64_t>(1, 6));

TEST_P(FullFeature, AReadComesInSegmentsAndBurstsWithItsStatusInTheLast) {
  const Octets content = pattern(5000);
  std::copy(content.begin(), content.end(), world_.scratch->bytes().begin() + 100);
  auto& initiator = world_.session({"MaxRecvDataSegmentLength=512", "MaxBurstLength=1024"});
  EXPECT_EQ(data_in(initiator, read(initiator, 100, 5000), 512, 1024), content);
}

TEST_P(FullFeature, AWriteMayBringAllItsDataWithTheCommand) {
  auto& initiator = world_.session({"ImmediateData=Yes"});
  const Octets content = pattern(4096);
  send(initiator, {0xaa, 8192, 4096}, {.flags = writes, .expected_length = 4096, .data = content});
  const auto answer = response(initiator);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.flags, iscsi::final_bit);
  EXPECT_EQ(scratch(8192, 4096), content);
}

TEST_P(FullFeature, AWriteOfAMegabyteUsesUnsolicitedDataAndSeveralR2Ts) {
  auto& initiator = world_.session(
      {"InitialR2T=No", "ImmediateData=Yes", "FirstBurstLength=65536", "MaxBurstLength=262144", "MaxOutstandingR2T=2"});
  const Octets content = pattern(1 << 20);
  const Bytes all(content);
  const std::uint32_t tag =
      send(initiator, {0xaa, 0, 1 << 20}, {.flags = writes_more, .expected_length = 1 << 20, .data = all.first(1000)});
  send_data(initiator, tag, iscsi::reserved_tag, 0, 1000, all.subspan(1000, 30000), false);
  send_data(initiator, tag, iscsi::reserved_tag, 1, 31000, all.subspan(31000, 34536), true);
  std::uint32_t asked = 65536;
  for (std::uint32_t number = 0; asked < content.size(); ++number) {
    const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
    ASSERT_EQ(ask.initiator_task_tag, tag);
    EXPECT_EQ(ask.r2t_sn, number);
    EXPECT_EQ(ask.buffer_offset, asked);
    EXPECT_LE(ask.desired_data_transfer_length, 262144U);
    const std::uint32_t length = ask.desired_data_transfer_length;
    ASSERT_NE(length, 0U);
    const std::uint32_t half = length / 2;
    send_data(initiator, tag, ask.target_transfer_tag, 0, asked, all.subspan(asked, half), false);
    send_data(initiator, tag, ask.target_transfer_tag, 1, asked + half, all.subspan(asked + half, length - half), true);
    asked += length;
  }
  EXPECT_EQ(response(initiator).status, 0);
  EXPECT_EQ(scratch(0, content.size()), content);
}

TEST_P(FullFeature, DigestsCoverEveryPdu) {
  auto& initiator = world_.connect();
  ASSERT_EQ(IscsiWorld::log_in(initiator, {"HeaderDigest=CRC32C", "DataDigest=CRC32C", "ImmediateData=Yes"}),
            iscsi::LoginStatus::success);
  initiator.set_digests(true, true);
  for (unsigned i = 0; i < 2; ++i) {
    initiator.command({0, 0, 0, 0, 0, 0}, {});
    response(initiator);
  }
  const Octets content = pattern(1237);
  send(initiator, {0xaa, 0, 1237}, {.flags = writes, .expected_length = 1237, .data = content});
  EXPECT_EQ(response(initiator).status, 0);
  EXPECT_EQ(data_in(initiator, read(initiator, 0, 1237), 8192), content);
}

TEST_P(FullFeature, ResidualsAreTold) {
  auto& initiator = world_.session({"ImmediateData=Yes"});
  read(initiator, 0, 100, 150);
  auto header = initiator.expect(Opcode::data_in).as<iscsi::DataInHeader>();
  EXPECT_EQ(header.flags & 6, iscsi::residual_underflow_bit);
  EXPECT_EQ(header.residual_count, 50U);
  read(initiator, 0, 100, 70);
  header = initiator.expect(Opcode::data_in).as<iscsi::DataInHeader>();
  EXPECT_EQ(header.flags & 6, iscsi::residual_overflow_bit);
  EXPECT_EQ(header.residual_count, 30U);
  const Octets content = pattern(150);
  send(initiator, {0xaa, 0, 100}, {.flags = writes, .expected_length = 150, .data = content});
  const auto answer = response(initiator);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.flags & 6, iscsi::residual_underflow_bit);
  EXPECT_EQ(answer.residual_count, 50U);
}

TEST_P(FullFeature, CommandsOutsideTheWindowAreIgnoredSilently) {
  auto& initiator = world_.session();
  const std::uint32_t expected = initiator.cmd_sn;
  initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = expected - 1});
  initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = expected + 128});
  EXPECT_FALSE(initiator.receive());
  const std::uint32_t tag = initiator.command({0, 0, 0, 0, 0, 0}, {});
  const auto answer = response(initiator);
  EXPECT_EQ(answer.initiator_task_tag, tag);
  EXPECT_EQ(answer.exp_cmd_sn, expected + 1);
  EXPECT_EQ(answer.max_cmd_sn, expected + 128);
}

TEST_P(FullFeature, CommandsRunInTheOrderOfTheirNumbers) {
  auto& initiator = world_.session({"ImmediateData=Yes"});
  const std::uint32_t first = initiator.cmd_sn;
  const Octets a(10, 'a');
  const Octets b(10, 'b');
  const auto second =
      send(initiator, {0xaa, 0, 10}, {.flags = writes, .expected_length = 10, .data = b, .with_cmd_sn = first + 1});
  EXPECT_FALSE(initiator.receive()) << "it waits for the one before it";
  const auto before =
      send(initiator, {0xaa, 0, 10}, {.flags = writes, .expected_length = 10, .data = a, .with_cmd_sn = first});
  EXPECT_EQ(response(initiator).initiator_task_tag, before);
  EXPECT_EQ(response(initiator).initiator_task_tag, second);
  EXPECT_EQ(scratch(0, 10), b);
}

TEST_P(FullFeature, TheWindowClosesWhileCommandsAreNotAnswered) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "MaxQueueCmd", "4"), IscsiTargetParameters::SetResult::done);
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  for (unsigned i = 0; i < 6; ++i) {
    initiator.command({0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {.lun = fake_lun});
  }
  world_.reactor.settle();
  EXPECT_EQ(world_.fake->held(), 4U) << "the fifth and sixth are outside the window";
  world_.fake->complete_all();
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(response(initiator).status, 0);
  EXPECT_FALSE(initiator.receive());
}

TEST_P(FullFeature, DataOutFaultsEndTheCommandAndChangeNothing) {
  struct Fault {
    std::uint32_t sequence_number, offset, length;
    bool final;
    std::uint32_t sense;
  };
  const Octets content = pattern(20000);
  const Bytes all(content);
  for (const Fault& fault :
       {Fault{27, 0, 20000, true, 0xb4705}, Fault{0, 4, 19996, true, 0xb4705}, Fault{0, 0, 19999, true, 0xb0c0d},
        Fault{0, 0, 20000, false, 0xb0c0d}, Fault{0, 0xfffffff0, 20000, true, 0xb4705}}) {
    auto& initiator = world_.session({"InitialR2T=Yes"});
    const std::uint32_t tag = send(initiator, {0xaa, 0, 20000}, {.flags = writes, .expected_length = 20000});
    const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
    send_data(initiator, tag, ask.target_transfer_tag, fault.sequence_number, fault.offset, all.first(fault.length),
              fault.final);
    EXPECT_EQ(sense(initiator), fault.sense);
    EXPECT_EQ(scratch(0, 20000), Octets(20000));
    // What else was on its way for it is not minded.
    send_data(initiator, tag, ask.target_transfer_tag, 1, 0, all.first(10), true);
    initiator.command({0, 0, 0, 0, 0, 0}, {});
    EXPECT_EQ(response(initiator).status, 0);
    world_.disconnect(initiator);
  }
}

TEST_P(FullFeature, MoreDataThanAnR2TAskedForIsRefused) {
  auto& initiator = world_.session({"InitialR2T=Yes", "MaxBurstLength=512"});
  const Octets content = pattern(1024);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 1024}, {.flags = writes, .expected_length = 1024});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  send_data(initiator, tag, ask.target_transfer_tag, 0, 0, content, true);
  EXPECT_EQ(sense(initiator), 0xb0c0dU);
  EXPECT_EQ(scratch(0, 1024), Octets(1024));
}

TEST_P(FullFeature, AnInitiatorThatSendsNoneOfTheDataItWasAskedForIsGivenUp) {
  auto& initiator = world_.session({"InitialR2T=Yes", "MaxBurstLength=512", "MaxOutstandingR2T=1"});
  const Octets content = pattern(2048);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 2048}, {.flags = writes, .expected_length = 2048});
  for (std::uint32_t at = 0; at < 1536; at += 512) {
    const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
    EXPECT_FALSE(closed_after(initiator, DataOutWatch::patience - 1s)) << "it is slow, but it does send";
    send_data(initiator, tag, ask.target_transfer_tag, 0, at, Bytes(content).subspan(at, 512), true);
  }
  initiator.expect(Opcode::ready_to_transfer);
  EXPECT_TRUE(initiator.closed(2 * DataOutWatch::patience + 1s));
}

TEST_P(FullFeature, NewCommandsAndTheirDataMayComeBeforeTheDataThatWasAskedFor) {
  auto& initiator = world_.session({"InitialR2T=Yes", "ImmediateData=Yes"});
  const std::uint32_t tag = send(initiator, {0xaa, 0, 2048}, {.flags = writes, .expected_length = 2048});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  for (Duration waited{}; waited < 5 * DataOutWatch::patience; waited += 4s) {
    ASSERT_FALSE(closed_after(initiator, 4s));
    ASSERT_EQ(write_small(initiator), 0);
  }
  send_data(initiator, tag, ask.target_transfer_tag, 0, 0, pattern(2048), true);
  EXPECT_EQ(response(initiator).status, 0);
}

TEST_P(FullFeature, ButTheDataOfOtherCommandsIsNotThatOfTheOneThatWasAskedForItsOwn) {
  auto& initiator = world_.session({"InitialR2T=Yes", "ImmediateData=Yes"});
  send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
  initiator.expect(Opcode::ready_to_transfer);
  Duration waited{};
  for (; waited < 2 * DataOutWatch::longest && !closed_after(initiator, 2s); waited += 2s) write_small(initiator);
  EXPECT_GE(waited, DataOutWatch::longest - 4s);
  EXPECT_LE(waited, DataOutWatch::longest + DataOutWatch::patience + 4s);
}

TEST_P(FullFeature, TheTimeForDataGrowsWithTheOtherDataThatComesButNotForEver) {
  auto& initiator = world_.session({"InitialR2T=Yes", "ImmediateData=Yes"});
  send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
  initiator.expect(Opcode::ready_to_transfer);
  constexpr std::uint32_t at_once = 65536;
  const Octets content = pattern(at_once);
  Duration waited{};
  for (; waited < 3 * DataOutWatch::longest_for_others && !closed_after(initiator, 4s); waited += 4s) {
    for (std::uint64_t sent = 0; sent < 5 * DataOutWatch::slowest; sent += at_once) {
      send(initiator, {0xaa, 512, at_once}, {.flags = writes, .expected_length = at_once, .data = content});
      ASSERT_EQ(response(initiator).status, 0);
    }
  }
  const Duration most = DataOutWatch::longest + DataOutWatch::longest_for_others;
  EXPECT_GE(waited, most - 8s);
  EXPECT_LE(waited, most + DataOutWatch::patience + 8s);
}

TEST_P(FullFeature, ALongPieceOfDataIsHeardWhileItComes) {
  auto& initiator = world_.session({"InitialR2T=Yes", "MaxBurstLength=262144"});
  const Octets content = pattern(200000);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 200000}, {.flags = writes, .expected_length = 200000});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  iscsi::DataOutHeader header;
  header.flags = iscsi::final_bit;
  header.initiator_task_tag = tag;
  header.target_transfer_tag = ask.target_transfer_tag;
  const Octets pdu = WireInitiator::encode(header, content, false, false);
  for (std::size_t at = 0; at < pdu.size(); at += 20000) {
    const auto piece = Bytes(pdu).subspan(at, std::min<std::size_t>(20000, pdu.size() - at));
    initiator.send_bytes({piece.begin(), piece.end()});
    ASSERT_FALSE(closed_after(initiator, 4s));
  }
  EXPECT_EQ(response(initiator).status, 0);
}

TEST_P(FullFeature, AnInitiatorThatHasNotHeardYetThatItIsAskedIsWaitedFor) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  constexpr std::uint32_t behind = 400 << 10;
  initiator.bytes_a_second = 15000;
  const std::uint32_t read_tag = read(initiator, 0, behind);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
  for (std::size_t taken = 0; taken < behind;) {
    const auto pdu = initiator.receive(20s);
    ASSERT_TRUE(pdu);
    ASSERT_EQ(pdu->header.initiator_task_tag, read_tag);
    taken += pdu->data.size();
  }
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  EXPECT_FALSE(closed_after(initiator, DataOutWatch::patience - 1s));
  send_data(initiator, tag, ask.target_transfer_tag, 0, 0, pattern(512), true);
  EXPECT_EQ(response(initiator).status, 0);
}

TEST_P(FullFeature, OneThatTakesNothingAtAllIsNotWaitedForThoughItWasNotAskedYet) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  initiator.bytes_a_second = 1;
  read(initiator, 0, 400 << 10);
  send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
  EXPECT_TRUE(world_.reactor.run_until([this] { return world_.running() == 0; }, 3 * DataOutWatch::patience + 1s));
}

TEST_P(FullFeature, AnInitiatorThatSendsItsDataOneAfterTheOtherOverASlowLinkIsWaitedFor) {
  auto& initiator = world_.session({"InitialR2T=Yes", "MaxBurstLength=512"});
  constexpr int writes_at_once = 5;
  std::array<std::uint32_t, writes_at_once> tags{};
  std::array<std::uint32_t, writes_at_once> transfer_tags{};
  for (std::size_t i = 0; i < writes_at_once; ++i) {
    tags[i] = send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
    transfer_tags[i] =
        initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>().target_transfer_tag;
  }
  for (std::size_t i = 0; i < writes_at_once; ++i) {
    EXPECT_FALSE(closed_after(initiator, DataOutWatch::patience - 1s)) << "write " << i;
    send_data(initiator, tags[i], transfer_tags[i], 0, 0, pattern(512), true);
    EXPECT_EQ(response(initiator).status, 0);
  }
}

TEST_P(FullFeature, AnInitiatorThatSendsItsDataInDribletsIsGivenUp) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  const std::uint32_t tag = send(initiator, {0xaa, 0, 20000}, {.flags = writes, .expected_length = 20000});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  const Octets content = pattern(20000);
  bool closed = false;
  Duration waited{};
  for (std::uint32_t at = 0; at < 18000 && !closed; at += 512) {
    send_data(initiator, tag, ask.target_transfer_tag, at / 512, at, Bytes(content).subspan(at, 512), false);
    closed = closed_after(initiator, 4s);
    waited += 4s;
  }
  EXPECT_TRUE(closed);
  EXPECT_GT(waited, DataOutWatch::longest - 4s);
  EXPECT_LE(waited, DataOutWatch::longest + DataOutWatch::patience + 4s);
}

TEST_P(FullFeature, AnInitiatorThatWasAskedForNothingMayBeSilent) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  const std::uint32_t tag = send(initiator, {0xaa, 0, 512}, {.flags = writes, .expected_length = 512});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  send_data(initiator, tag, ask.target_transfer_tag, 0, 0, pattern(512), true);
  EXPECT_EQ(response(initiator).status, 0);
  EXPECT_FALSE(initiator.closed(10 * DataOutWatch::patience));
}

TEST_P(FullFeature, UnsolicitedDataThatWasNotAgreedIsRefused) {
  auto& initiator = world_.session({"InitialR2T=Yes", "ImmediateData=No"});
  const Octets content = pattern(100);
  send(initiator, {0xaa, 0, 100}, {.flags = writes, .expected_length = 100, .data = content});
  EXPECT_EQ(sense(initiator), 0xb0c0cU);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 100}, {.flags = writes_more, .expected_length = 100});
  EXPECT_FALSE(initiator.receive()) << "it is answered once its data has passed";
  send_data(initiator, tag, iscsi::reserved_tag, 0, 0, content, true);
  EXPECT_EQ(sense(initiator), 0xb0c0cU);
  EXPECT_EQ(scratch(0, 100), Octets(100));
}

TEST_P(FullFeature, DataOutOfNobodysIsRejected) {
  auto& initiator = world_.session();
  const Octets content = pattern(8);
  send_data(initiator, 4711, iscsi::reserved_tag, 0, 0, content, true);
  auto header = initiator.expect(Opcode::reject).as<iscsi::RejectHeader>();
  EXPECT_EQ(header.reason, static_cast<std::uint8_t>(iscsi::RejectReason::invalid_pdu_field));
  send_data(initiator, 4711, 0x00070007, 0, 0, content, true);
  header = initiator.expect(Opcode::reject).as<iscsi::RejectHeader>();
  EXPECT_EQ(header.reason, static_cast<std::uint8_t>(iscsi::RejectReason::invalid_pdu_field));
  EXPECT_EQ(data_in(initiator, read(initiator, 0, 10), 512).size(), 10U) << "the session goes on";
}

TEST_P(FullFeature, ADataDigestErrorInDataOutEndsTheCommand) {
  auto& initiator = world_.connect();
  ASSERT_EQ(IscsiWorld::log_in(initiator, {"DataDigest=CRC32C", "InitialR2T=Yes"}), iscsi::LoginStatus::success);
  initiator.set_digests(false, true);
  for (unsigned i = 0; i < 2; ++i) {
    initiator.command({0, 0, 0, 0, 0, 0}, {});
    response(initiator);
  }
  const Octets content = pattern(100);
  const std::uint32_t tag = send(initiator, {0xaa, 0, 100}, {.flags = writes, .expected_length = 100});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  iscsi::DataOutHeader header;
  header.flags = iscsi::final_bit;
  header.initiator_task_tag = tag;
  header.target_transfer_tag = ask.target_transfer_tag;
  Octets bad = WireInitiator::encode(header, content, false, true);
  bad.back() ^= 1;
  initiator.send_bytes(bad);
  EXPECT_EQ(initiator.expect(Opcode::reject).as<iscsi::RejectHeader>().reason,
            static_cast<std::uint8_t>(iscsi::RejectReason::data_digest_error));
  EXPECT_EQ(sense(initiator), 0xb4705U);
  EXPECT_EQ(scratch(0, 100), Octets(100));
}

TEST_P(FullFeature, WhatCannotBeServedIsRefusedWithoutReachingTheDevice) {
  auto& initiator = world_.session({"ImmediateData=Yes"});
  const std::uint8_t both_ways = reads | writes;
  send(initiator, {0xaa, 0, 8}, {.flags = both_ways, .expected_length = 8});
  EXPECT_EQ(sense(initiator), 0x50e03U) << "bidirectional";
  send(initiator, {0xaa, 0, 8}, {.flags = writes, .expected_length = (16U << 20) + 1});
  EXPECT_EQ(sense(initiator), 0x50e03U) << "more than 16 MiB";
  const Octets content = pattern(8);
  send(initiator, {0xaa, 0, 8}, {.flags = iscsi::final_bit, .data = content});
  EXPECT_EQ(sense(initiator), 0xb0c0cU) << "data without W";
}

TEST_P(FullFeature, WithoutMemoryForItsDataAWriteIsTaskSetFull) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  world_.fake->behaviour().holds = true;
  // One that wants everything gets half of the shard's 64 MiB.
  for (int i = 0; i < 2; ++i) {
    send(initiator, {0xaa, 0, 4}, {.flags = writes, .expected_length = 16 << 20});
    EXPECT_EQ(initiator.expect(Opcode::ready_to_transfer).kind(), Opcode::ready_to_transfer);
  }
  send(initiator, {0xaa, 0, 4}, {.flags = writes, .expected_length = 4096});
  EXPECT_EQ(response(initiator).status, static_cast<std::uint8_t>(Status::task_set_full));
}

TEST_P(FullFeature, AnInitiatorThatGoesAwayWhileItIsAnsweredTakesNothingWithIt) {
  const auto rest = world_.reactor.system().open_descriptors();
  for (unsigned sent_well = 0; sent_well < 4; ++sent_well) {
    auto& initiator = world_.session();
    world_.reactor.system().fail_next(world_.descriptor, Operation::Kind::send, IoError::from_errno(ECONNRESET),
                                      sent_well);
    for (std::uint32_t i = 0; i < 4; ++i) read(initiator, i << 20, 1 << 20);
    while (initiator.receive()) {
    }
    EXPECT_TRUE(world_.reactor.run_until([&] { return world_.running() == 0; })) << "the target has not closed it";
    world_.disconnect(initiator);
    EXPECT_EQ(world_.reactor.shard().buffers().lent(), 0U);
  }
  EXPECT_EQ(world_.reactor.system().open_descriptors(), rest);
}

TEST_P(FullFeature, AnExtendedCdbArrivesWhole) {
  auto& initiator = world_.session();
  const Octets extension = {0, 17, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  auto header = initiator.command_header({0x7f, 0, 0, 0, 0, 0, 0, 24, 0x00, 0x09}, {});
  header.total_ahs_length = 5;
  Octets bytes = WireInitiator::encode(header, {}, false, false);
  bytes.insert(bytes.end(), extension.begin(), extension.end());
  initiator.send_bytes(bytes);
  EXPECT_EQ(sense(initiator), 0x52000U) << "the device does not know READ(32)";
}

TEST_P(FullFeature, MalformedAdditionalHeadersCloseTheConnection) {
  for (const Octets& segment :
       {Octets{0, 0, 1, 0}, Octets{0, 200, 1, 0}, Octets{0, 1, 99, 0}, Octets{255, 255, 1, 0}}) {
    auto& initiator = world_.session();
    auto header = initiator.command_header({0x7f}, {});
    header.total_ahs_length = 1;
    Octets bytes = WireInitiator::encode(header, {}, false, false);
    bytes.insert(bytes.end(), segment.begin(), segment.end());
    initiator.send_bytes(bytes);
    EXPECT_EQ(initiator.expect(Opcode::reject).as<iscsi::RejectHeader>().reason,
              static_cast<std::uint8_t>(iscsi::RejectReason::invalid_pdu_field));
    EXPECT_TRUE(initiator.closed());
    world_.disconnect(initiator);
  }
}

}  // namespace
}  // namespace tgt
