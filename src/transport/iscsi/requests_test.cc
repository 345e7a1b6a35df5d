// SPDX-License-Identifier: Apache-2.0
// Task management, pings, text, logout and the end of sessions, seen from the wire.
#include <gtest/gtest.h>

#include "transport/iscsi/iscsi_world.h"

namespace tgt {
namespace {

using iscsi::Opcode;
using Function = TaskManagementFunction;
using Response = TaskManagementResponse;

constexpr std::uint64_t fake_lun = std::uint64_t{1} << 48;
constexpr std::initializer_list<std::uint8_t> fake_read = {0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0};

class Requests : public testing::TestWithParam<std::uint64_t> {
 protected:
  struct TaskManagement {
    Function function{};
    std::uint64_t lun = fake_lun;
    std::uint32_t referenced_tag = iscsi::reserved_tag;
    std::uint32_t ref_cmd_sn = 0;
    bool immediate = true;
  };
  static std::uint32_t send(WireInitiator& initiator, const TaskManagement& what) {
    iscsi::TaskManagementRequestHeader header;
    header.opcode = static_cast<std::uint8_t>(Opcode::task_management_request);
    if (what.immediate) header.opcode |= iscsi::immediate_bit;
    header.function = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(what.function));
    header.lun = what.lun;
    header.initiator_task_tag = initiator.next_tag++;
    header.referenced_task_tag = what.referenced_tag;
    header.ref_cmd_sn = what.ref_cmd_sn;
    header.cmd_sn = what.immediate ? initiator.cmd_sn : initiator.cmd_sn++;
    initiator.send(header);
    return header.initiator_task_tag;
  }
  static Response expect_response(WireInitiator& initiator) {
    const auto pdu = initiator.expect(Opcode::task_management_response);
    return static_cast<Response>(pdu.as<iscsi::TaskManagementResponseHeader>().response);
  }
  static Response perform(WireInitiator& initiator, const TaskManagement& what) {
    send(initiator, what);
    return expect_response(initiator);
  }
  static iscsi::TaggedRequestHeader request(WireInitiator& initiator, Opcode opcode, bool immediate = true) {
    iscsi::TaggedRequestHeader header;
    header.opcode = static_cast<std::uint8_t>(opcode);
    if (immediate) header.opcode |= iscsi::immediate_bit;
    header.flags = iscsi::final_bit;
    header.initiator_task_tag = initiator.next_tag++;
    header.target_transfer_tag = iscsi::reserved_tag;
    header.cmd_sn = immediate ? initiator.cmd_sn : initiator.cmd_sn++;
    return header;
  }
  static std::uint32_t write_at(WireInitiator& initiator, std::uint32_t at,
                                const WireInitiator::CommandOptions& options) {
    const auto byte = [](std::uint32_t value, unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
    const std::uint32_t length = options.expected_length;
    return initiator.command({0xaa, 0, byte(at, 24), byte(at, 16), byte(at, 8), byte(at, 0), byte(length, 24),
                              byte(length, 16), byte(length, 8), byte(length, 0), 0, 0},
                             options);
  }
  // 512 bytes of a burst, with number and offset as they should be.
  static void send_unsolicited(WireInitiator& initiator, std::uint32_t task_tag, std::uint32_t number, bool final) {
    iscsi::DataOutHeader header;
    header.flags = final ? iscsi::final_bit : 0;
    header.initiator_task_tag = task_tag;
    header.target_transfer_tag = iscsi::reserved_tag;
    header.data_sn = number;
    header.buffer_offset = number * 512;
    initiator.send(header, Octets(512, 9));
  }
  static void read_400_kib(WireInitiator& initiator) {
    initiator.command({0xa8, 0, 0, 0, 0, 0, 0, 6, 0x40, 0, 0, 0}, {.flags = 0xc0, .expected_length = 400 << 10});
  }
  static void answer_ping(WireInitiator& initiator, const WireInitiator::Pdu& ping) {
    auto answer = request(initiator, Opcode::nop_out);
    answer.initiator_task_tag = iscsi::reserved_tag;
    answer.target_transfer_tag = ping.as<iscsi::TaggedResponseHeader>().target_transfer_tag;
    initiator.send(answer);
  }
  static void expect_alive(WireInitiator& initiator) {
    const std::uint32_t tag = initiator.command({0, 0, 0, 0, 0, 0}, {});
    const auto answer = initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>();
    EXPECT_EQ(answer.initiator_task_tag, tag);
    EXPECT_EQ(answer.exp_cmd_sn, initiator.cmd_sn);
  }
  static void expect_rejected(WireInitiator& initiator, iscsi::RejectReason reason) {
    const auto pdu = initiator.expect(Opcode::reject);
    EXPECT_EQ(pdu.as<iscsi::RejectHeader>().reason, static_cast<std::uint8_t>(reason));
    EXPECT_EQ(pdu.data.size(), iscsi::header_length) << "the rejected header comes back";
  }

  IscsiWorld world_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, Requests, testing::Range<std::uint64_t>(1, 6));

TEST_P(Requests, AbortTaskEndsATaskWithoutAResponse) {
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  world_.fake->behaviour().heeds_abort = true;
  const std::uint32_t tag = initiator.command(fake_read, {.lun = fake_lun});
  EXPECT_EQ(
      perform(initiator, {.function = Function::abort_task, .referenced_tag = tag, .ref_cmd_sn = initiator.cmd_sn - 1}),
      Response::function_complete);
  world_.fake->behaviour().holds = false;
  expect_alive(initiator);
}

TEST_P(Requests, AbortTaskOfAWriteThatWaitsForItsDataEndsIt) {
  auto& initiator = world_.session({"InitialR2T=Yes"});
  const std::uint32_t tag =
      initiator.command({0xaa, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}, {.flags = 0xa0, .expected_length = 1024});
  const auto ask = initiator.expect(Opcode::ready_to_transfer).as<iscsi::ReadyToTransferHeader>();
  EXPECT_EQ(
      perform(initiator,
              {.function = Function::abort_task, .lun = 0, .referenced_tag = tag, .ref_cmd_sn = initiator.cmd_sn - 1}),
      Response::function_complete);
  iscsi::DataOutHeader late;
  late.flags = iscsi::final_bit;
  late.initiator_task_tag = tag;
  late.target_transfer_tag = ask.target_transfer_tag;
  initiator.send(late, Octets(1024, 9));
  expect_alive(initiator);
  EXPECT_EQ(world_.scratch->bytes()[0], 0);
}

TEST_P(Requests, AfterAnAbortOfAWriteTheRestOfItsDataIsNotWaitedFor) {
  auto& initiator = world_.session({"InitialR2T=No"});
  const std::uint32_t tag =
      initiator.command({0xaa, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}, {.flags = 0x20, .expected_length = 1024});
  EXPECT_EQ(
      perform(initiator,
              {.function = Function::abort_task, .lun = 0, .referenced_tag = tag, .ref_cmd_sn = initiator.cmd_sn - 1}),
      Response::function_complete);
  EXPECT_FALSE(initiator.closed(10 * DataOutWatch::patience));
  expect_alive(initiator);
}

TEST_P(Requests, AnInitiatorHearsThatItMaySendAgainWhenAnotherHasEndedItsCommands) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "MaxQueueCmd", "4"), IscsiTargetParameters::SetResult::done);
  auto& victim = world_.session();
  WireInitiator& other = world_.connect();
  other.isid[5] = 2;
  ASSERT_EQ(IscsiWorld::log_in(other, {}), iscsi::LoginStatus::success);
  world_.fake->behaviour().holds = true;
  world_.fake->behaviour().heeds_abort = true;
  for (int i = 0; i < 4; ++i) victim.command(fake_read, {.lun = fake_lun});
  EXPECT_EQ(perform(other, {.function = Function::logical_unit_reset}), Response::function_complete);
  const auto told = victim.expect(Opcode::nop_in).as<iscsi::TaggedResponseHeader>();
  EXPECT_EQ(told.initiator_task_tag, iscsi::reserved_tag);
  EXPECT_EQ(told.target_transfer_tag, iscsi::reserved_tag);
  EXPECT_EQ(told.max_cmd_sn, victim.cmd_sn + 3);
  EXPECT_FALSE(victim.receive()) << "once";
}

TEST_P(Requests, AbortTaskOfANumberThatHasNotComeTakesItAsReceived) {
  auto& initiator = world_.session();
  const std::uint32_t missing = initiator.cmd_sn++;
  EXPECT_EQ(perform(initiator, {.function = Function::abort_task, .referenced_tag = 9999, .ref_cmd_sn = missing}),
            Response::function_complete);
  expect_alive(initiator);
}

TEST_P(Requests, AbortTaskOfALaterMissingNumberLetsTheOthersPass) {
  auto& initiator = world_.session();
  const std::uint32_t first = initiator.cmd_sn++;
  const std::uint32_t missing = initiator.cmd_sn++;
  EXPECT_EQ(perform(initiator, {.function = Function::abort_task, .referenced_tag = 9999, .ref_cmd_sn = missing}),
            Response::function_complete);
  const std::uint32_t third = initiator.command({0, 0, 0, 0, 0, 0}, {});
  EXPECT_FALSE(initiator.receive());
  initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = first});
  initiator.expect(Opcode::scsi_response);
  EXPECT_EQ(initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>().initiator_task_tag, third);
  expect_alive(initiator);
}

TEST_P(Requests, AbortTaskOfACommandThatWaitsForOthersCancelsIt) {
  auto& initiator = world_.session();
  const std::uint32_t first = initiator.cmd_sn++;
  const std::uint32_t waiting = initiator.command({0, 0, 0, 0, 0, 0}, {});
  EXPECT_EQ(perform(initiator,
                    {.function = Function::abort_task, .lun = 0, .referenced_tag = waiting, .ref_cmd_sn = first + 1}),
            Response::function_complete);
  const std::uint32_t tag = initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = first});
  EXPECT_EQ(initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>().initiator_task_tag, tag);
  expect_alive(initiator);
}

TEST_P(Requests, AFunctionThatEndsManyEndsCommandsThatWaitForThoseBeforeThem) {
  for (const Function function : {Function::abort_task_set, Function::clear_task_set, Function::logical_unit_reset,
                                  Function::target_warm_reset, Function::i_t_nexus_reset}) {
    auto& initiator = world_.session();
    const std::uint32_t first = initiator.cmd_sn++;
    write_at(initiator, 0, {.flags = 0xa0, .expected_length = 512, .data = Octets(512, 9)});
    EXPECT_EQ(perform(initiator, {.function = function, .lun = 0}), Response::function_complete);
    const std::uint32_t tag = initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = first});
    EXPECT_EQ(initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>().initiator_task_tag, tag);
    EXPECT_FALSE(initiator.receive()) << "the function has been answered";
    EXPECT_EQ(world_.scratch->bytes()[0], 0);
    expect_alive(initiator);
    world_.disconnect(initiator);
  }
}

TEST_P(Requests, AFunctionLeavesAloneWhatWaitsForAnotherUnitOrComesAfterIt) {
  auto& initiator = world_.session();
  std::uint32_t first = initiator.cmd_sn++;
  const std::uint32_t elsewhere = initiator.command({0, 0, 0, 0, 0, 0}, {});
  EXPECT_EQ(perform(initiator, {.function = Function::logical_unit_reset}), Response::function_complete);
  initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = first});
  initiator.expect(Opcode::scsi_response);
  EXPECT_EQ(initiator.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>().initiator_task_tag, elsewhere);

  first = initiator.cmd_sn++;
  send(initiator, {.function = Function::abort_task_set, .lun = 0, .immediate = false});
  const std::uint32_t after = initiator.command({0, 0, 0, 0, 0, 0}, {});
  initiator.command({0, 0, 0, 0, 0, 0}, {.with_cmd_sn = first});
  initiator.expect(Opcode::scsi_response);
  bool function_answered = false;
  bool command_answered = false;
  for (int i = 0; i < 2; ++i) {
    const auto pdu = initiator.receive();
    ASSERT_TRUE(pdu);
    if (pdu->kind() == Opcode::task_management_response) function_answered = true;
    if (pdu->kind() == Opcode::scsi_response) command_answered = pdu->header.initiator_task_tag == after;
  }
  EXPECT_TRUE(function_answered);
  EXPECT_TRUE(command_answered);
}

TEST_P(Requests, AbortedWritesWhoseDataIsStillToComeHoldNoMemory) {
  auto& initiator = world_.session({"InitialR2T=No"});
  for (int i = 0; i < 200; ++i) {
    const std::uint32_t tag = write_at(initiator, 0, {.flags = 0x20, .expected_length = 1 << 20});
    ASSERT_EQ(
        perform(
            initiator,
            {.function = Function::abort_task, .lun = 0, .referenced_tag = tag, .ref_cmd_sn = initiator.cmd_sn - 1}),
        Response::function_complete);
    ASSERT_EQ(world_.reactor.shard().buffers().lent(), 0U);
  }
  const std::uint32_t last = initiator.next_tag - 2;
  send_unsolicited(initiator, last, 0, false);
  send_unsolicited(initiator, last, 1, true);
  EXPECT_FALSE(initiator.receive()) << "it was on its way";
  send_unsolicited(initiator, last, 2, true);
  expect_rejected(initiator, iscsi::RejectReason::invalid_pdu_field);
  expect_alive(initiator);
}

TEST_P(Requests, ACommandThatHasFailedBeforeAllOfItsDataCameCanBeAborted) {
  constexpr std::uint32_t beyond_the_end = 0xff000000;
  for (const Function function :
       {Function::abort_task, Function::abort_task_set, Function::logical_unit_reset, Function::i_t_nexus_reset}) {
    auto& initiator = world_.session({"InitialR2T=No"});
    const std::uint32_t tag = write_at(initiator, beyond_the_end, {.flags = 0x20, .expected_length = 1024});
    EXPECT_FALSE(initiator.receive()) << "its data is still to come";
    EXPECT_EQ(world_.reactor.shard().buffers().lent(), 0U);
    EXPECT_EQ(
        perform(initiator, {.function = function, .lun = 0, .referenced_tag = tag, .ref_cmd_sn = initiator.cmd_sn - 1}),
        Response::function_complete);
    send_unsolicited(initiator, tag, 0, true);
    EXPECT_FALSE(initiator.receive()) << "no response comes after that of the function";
    expect_alive(initiator);
    world_.disconnect(initiator);
  }
}

TEST_P(Requests, AResetOpensTheWindowThatFailedCommandsHadClosed) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "MaxQueueCmd", "4"), IscsiTargetParameters::SetResult::done);
  auto& initiator = world_.session({"InitialR2T=No"});
  for (int i = 0; i < 4; ++i) write_at(initiator, 0xff000000, {.flags = 0x20, .expected_length = 1024});
  send(initiator, {.function = Function::logical_unit_reset, .lun = 0});
  const auto told = initiator.expect(Opcode::nop_in).as<iscsi::TaggedResponseHeader>();
  EXPECT_EQ(told.max_cmd_sn, initiator.cmd_sn + 3);
  EXPECT_EQ(expect_response(initiator), Response::function_complete);
  expect_alive(initiator);
}

TEST_P(Requests, AbortTaskOfANumberOutsideTheWindowDoesNotExist) {
  auto& initiator = world_.session();
  EXPECT_EQ(perform(initiator,
                    {.function = Function::abort_task, .referenced_tag = 9999, .ref_cmd_sn = initiator.cmd_sn - 1}),
            Response::task_does_not_exist);
  EXPECT_EQ(
      perform(initiator, {.function = Function::abort_task, .referenced_tag = 9999, .ref_cmd_sn = initiator.cmd_sn}),
      Response::task_does_not_exist)
      << "not before the function's own number";
  expect_alive(initiator);
}

TEST_P(Requests, AFunctionThatTakesANumberKeepsItsPlace) {
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  world_.fake->behaviour().heeds_abort = true;
  const std::uint32_t first = initiator.cmd_sn++;
  send(initiator, {.function = Function::abort_task_set, .immediate = false});
  EXPECT_FALSE(initiator.receive()) << "it waits for the command before it";
  initiator.command(fake_read, {.lun = fake_lun, .with_cmd_sn = first});
  EXPECT_EQ(expect_response(initiator), Response::function_complete);
  world_.fake->behaviour().holds = false;
  expect_alive(initiator);
}

TEST_P(Requests, FunctionsThatDoNotExistAreNotSupported) {
  auto& initiator = world_.session();
  for (const unsigned number : {0U, 13U, 127U}) {
    EXPECT_EQ(perform(initiator, {.function = static_cast<Function>(number)}), Response::function_not_supported);
  }
  expect_alive(initiator);
}

TEST_P(Requests, TargetColdResetClosesTheConnectionAfterItsResponse) {
  auto& initiator = world_.session();
  EXPECT_EQ(perform(initiator, {.function = Function::target_cold_reset}), Response::function_complete);
  EXPECT_TRUE(initiator.closed());
}

TEST_P(Requests, APingComesBackWithItsData) {
  auto& initiator = world_.session({"MaxRecvDataSegmentLength=512"});
  const Octets data(300, 7);
  for (const bool immediate : {true, false}) {
    const auto ping = request(initiator, Opcode::nop_out, immediate);
    initiator.send(ping, data);
    const auto answer = initiator.expect(Opcode::nop_in);
    EXPECT_EQ(answer.header.initiator_task_tag, ping.initiator_task_tag);
    EXPECT_EQ(answer.data, data);
  }
  initiator.send(request(initiator, Opcode::nop_out), Octets(2000, 7));
  EXPECT_EQ(initiator.expect(Opcode::nop_in).data.size(), 512U) << "no more than the initiator takes";
  auto no_answer = request(initiator, Opcode::nop_out);
  no_answer.initiator_task_tag = iscsi::reserved_tag;
  initiator.send(no_answer);
  expect_alive(initiator);
}

TEST_P(Requests, ASilentInitiatorIsAskedAndThenGivenUp) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_interval", "5"), IscsiTargetParameters::SetResult::done);
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_count", "2"), IscsiTargetParameters::SetResult::done);
  auto& initiator = world_.session();
  auto ping = initiator.receive(6s);
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->kind(), Opcode::nop_in);
  EXPECT_EQ(ping->header.initiator_task_tag, iscsi::reserved_tag);
  answer_ping(initiator, *ping);
  EXPECT_TRUE(initiator.receive(6s)) << "and asked again";
  EXPECT_TRUE(initiator.receive(6s));
  EXPECT_TRUE(initiator.closed(6s)) << "two were not answered";
}

TEST_P(Requests, AnInitiatorThatTakesDataAllTheTimeIsNotTakenForDead) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_interval", "5"), IscsiTargetParameters::SetResult::done);
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_count", "2"), IscsiTargetParameters::SetResult::done);
  for (const std::size_t reads : {std::size_t{1}, std::size_t{4}}) {
    auto& initiator = world_.session();
    initiator.bytes_a_second = 15000;
    for (std::size_t i = 0; i < reads; ++i) read_400_kib(initiator);
    for (std::size_t taken = 0; taken < reads * (400 << 10);) {
      const auto pdu = initiator.receive(20s);
      ASSERT_TRUE(pdu) << taken << " bytes";
      if (pdu->kind() == Opcode::nop_in) answer_ping(initiator, *pdu);
      if (pdu->kind() == Opcode::data_in) taken += pdu->data.size();
    }
    initiator.bytes_a_second = 0;
    while (const auto pdu = initiator.receive()) answer_ping(initiator, *pdu);
    expect_alive(initiator);
    world_.disconnect(initiator);
  }
}

TEST_P(Requests, AnInitiatorThatStopsTakingDataIsGivenUp) {
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_interval", "5"), IscsiTargetParameters::SetResult::done);
  ASSERT_EQ(world_.parameters.set("iqn.t", "nop_count", "2"), IscsiTargetParameters::SetResult::done);
  auto& initiator = world_.session();
  initiator.bytes_a_second = 1;
  read_400_kib(initiator);
  EXPECT_TRUE(world_.reactor.run_until([this] { return world_.running() == 0; }, 26s));
}

TEST_P(Requests, SendTargetsTellsInASessionOfItsOwnTarget) {
  world_.portals.add({.at = *Endpoint::parse("192.0.2.1:3260", 0), .advertised = {}});
  world_.portals.add({.at = *Endpoint::parse("192.0.2.2:3260", 0), .advertised = "198.51.100.7:3261", .group_tag = 2});
  auto& initiator = world_.session();
  initiator.send(request(initiator, Opcode::text_request, false),
                 WireInitiator::bytes(WireInitiator::text({"SendTargets="})));
  const auto answer = initiator.expect(Opcode::text_response);
  EXPECT_EQ(
      std::string(answer.data.begin(), answer.data.end()),
      WireInitiator::text({"TargetName=iqn.t", "TargetAddress=198.51.100.7:3261,2", "TargetAddress=192.0.2.1:3260,1"}));
  EXPECT_EQ(answer.header.flags, iscsi::final_bit);
  initiator.send(request(initiator, Opcode::text_request),
                 WireInitiator::bytes(WireInitiator::text({"SendTargets=All"})));
  const auto refused = initiator.expect(Opcode::text_response);
  EXPECT_EQ(std::string(refused.data.begin(), refused.data.end()), WireInitiator::text({"SendTargets=Reject"}));
  expect_alive(initiator);
}

TEST_P(Requests, SendTargetsIsAnsweredOnceInAnExchange) {
  auto& initiator = world_.session();
  const auto ask_twice = WireInitiator::text({"SendTargets=All", "SendTargets=All"});
  for (int exchange = 0; exchange < 2; ++exchange) {
    initiator.send(request(initiator, Opcode::text_request), WireInitiator::bytes(ask_twice));
    const auto refused = initiator.expect(Opcode::text_response);
    EXPECT_EQ(std::string(refused.data.begin(), refused.data.end()), WireInitiator::text({"SendTargets=Reject"}));
  }
}

TEST_P(Requests, ALongListOfTargetsComesInParts) {
  for (unsigned i = 2; i < 60; ++i) {
    auto more = std::make_shared<Target>(i, "iqn.more-" + std::to_string(i), "iscsi", std::vector<Shard*>{});
    if (i % 2 == 0) more->access().add_name("iqn.i");
    world_.targets.add(more);
  }
  auto& initiator = world_.connect();
  ASSERT_EQ(initiator.login({"InitiatorName=iqn.i", "SessionType=Discovery", "MaxRecvDataSegmentLength=512"}),
            iscsi::LoginStatus::success);
  std::string all;
  auto header = request(initiator, Opcode::text_request, false);
  initiator.send(header, WireInitiator::bytes(WireInitiator::text({"SendTargets=All"})));
  for (unsigned part = 0; part < 20; ++part) {
    const auto answer = initiator.expect(Opcode::text_response);
    EXPECT_LE(answer.data.size(), 512U);
    all.append(answer.data.begin(), answer.data.end());
    if ((answer.header.flags & iscsi::final_bit) != 0) break;
    EXPECT_EQ(answer.header.flags, iscsi::continue_bit);
    header.cmd_sn = initiator.cmd_sn++;
    header.target_transfer_tag = answer.as<iscsi::TaggedResponseHeader>().target_transfer_tag;
    initiator.send(header);
  }
  const auto pairs = parse_text(all);
  ASSERT_TRUE(pairs);
  EXPECT_EQ(pairs->size(), 30U) << "those that admit the initiator";
}

TEST_P(Requests, BadTextIsRejected) {
  auto& initiator = world_.session();
  initiator.send(request(initiator, Opcode::text_request, false), WireInitiator::bytes("SendTargets=All"));
  expect_rejected(initiator, iscsi::RejectReason::protocol_error);
  auto header = request(initiator, Opcode::text_request, false);
  header.target_transfer_tag = 5;
  initiator.send(header);
  expect_rejected(initiator, iscsi::RejectReason::invalid_pdu_field);
  initiator.send(request(initiator, Opcode::text_request, false),
                 WireInitiator::bytes(WireInitiator::text({"MaxBurstLength=512", "X-odd=1"})));
  const auto answer = initiator.expect(Opcode::text_response);
  EXPECT_EQ(std::string(answer.data.begin(), answer.data.end()),
            WireInitiator::text({"MaxBurstLength=Reject", "X-odd=NotUnderstood"}));
  expect_alive(initiator);
}

TEST_P(Requests, ANewSegmentLengthHoldsFromThenOn) {
  auto& initiator = world_.session();
  initiator.send(request(initiator, Opcode::text_request, false),
                 WireInitiator::bytes(WireInitiator::text({"MaxRecvDataSegmentLength=600"})));
  initiator.expect(Opcode::text_response);
  initiator.command({0xa8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}, {.flags = 0xc0, .expected_length = 1024});
  EXPECT_EQ(initiator.expect(Opcode::data_in).data.size(), 600U);
  EXPECT_EQ(initiator.expect(Opcode::data_in).data.size(), 424U);
}

TEST_P(Requests, LogoutIsAnsweredAndTheConnectionClosed) {
  for (const std::uint8_t reason : {std::uint8_t{0}, std::uint8_t{1}}) {
    auto& initiator = world_.session();
    auto header = std::bit_cast<iscsi::LogoutRequestHeader>(request(initiator, Opcode::logout_request, reason == 0));
    header.reason = static_cast<std::uint8_t>(0x80 | reason);
    header.connection_id = 0;
    initiator.send(header);
    EXPECT_EQ(initiator.expect(Opcode::logout_response).as<iscsi::LogoutResponseHeader>().response, 0);
    EXPECT_TRUE(initiator.closed());
    EXPECT_TRUE(world_.target->nexuses().empty());
    world_.disconnect(initiator);
  }
}

TEST_P(Requests, ALogoutIsAnsweredWhenTheCommandsHaveEnded) {
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  initiator.command(fake_read, {.lun = fake_lun});
  initiator.send(request(initiator, Opcode::logout_request));
  EXPECT_FALSE(initiator.receive(9s)) << "the device still has a command";
  world_.fake->complete_all();
  EXPECT_EQ(initiator.expect(Opcode::logout_response).as<iscsi::LogoutResponseHeader>().response, 0);
  EXPECT_TRUE(initiator.closed());
  EXPECT_TRUE(world_.target->nexuses().empty());
}

TEST_P(Requests, ALogoutThatADeviceHoldsUpSaysThatTheCleanupFailed) {
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  initiator.command(fake_read, {.lun = fake_lun});
  initiator.send(request(initiator, Opcode::logout_request));
  const auto answer = initiator.receive(11s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->as<iscsi::LogoutResponseHeader>().response, 3);
  EXPECT_TRUE(initiator.closed());
}

TEST_P(Requests, AHungUnitDoesNotKeepItsInitiatorFromTheOthers) {
  auto& first = world_.session();
  world_.fake->behaviour().holds = true;
  first.command(fake_read, {.lun = fake_lun});
  world_.disconnect(first);
  auto& second = world_.connect();
  ASSERT_EQ(IscsiWorld::log_in(second, {}), iscsi::LoginStatus::success);
  const auto status_at = [&second](std::uint64_t lun) {
    second.command({0, 0, 0, 0, 0, 0}, {.lun = lun});
    return second.expect(Opcode::scsi_response).as<iscsi::ScsiResponseHeader>().status;
  };
  EXPECT_EQ(status_at(0), 0x02) << "I_T NEXUS LOSS";
  EXPECT_EQ(status_at(0), 0x00);
  EXPECT_EQ(status_at(fake_lun), 0x08) << "BUSY";
  world_.fake->complete_all();
  world_.reactor.settle();
  EXPECT_EQ(status_at(fake_lun), 0x02) << "I_T NEXUS LOSS";
  EXPECT_EQ(status_at(fake_lun), 0x00);
}

TEST_P(Requests, ALogoutThatCannotBeIsRefusedAndTheSessionGoesOn) {
  auto& initiator = world_.session();
  auto header = std::bit_cast<iscsi::LogoutRequestHeader>(request(initiator, Opcode::logout_request));
  header.reason = 0x81;
  header.connection_id = 7;
  initiator.send(header);
  EXPECT_EQ(initiator.expect(Opcode::logout_response).as<iscsi::LogoutResponseHeader>().response, 1);
  header.reason = 0x82;
  initiator.send(header);
  EXPECT_EQ(initiator.expect(Opcode::logout_response).as<iscsi::LogoutResponseHeader>().response, 2);
  header.reason = 0x99;
  initiator.send(header);
  expect_rejected(initiator, iscsi::RejectReason::invalid_pdu_field);
  expect_alive(initiator);
}

TEST_P(Requests, UnknownPdusAndSnackAreRejected) {
  auto& initiator = world_.session();
  iscsi::BasicHeader header;
  header.opcode = 0x1c;
  initiator.send(header, Octets(5, 1));
  expect_rejected(initiator, iscsi::RejectReason::command_not_supported);
  header.opcode = static_cast<std::uint8_t>(Opcode::snack_request);
  initiator.send(header);
  expect_rejected(initiator, iscsi::RejectReason::snack_reject);
  expect_alive(initiator);
}

TEST_P(Requests, ALoginInTheFullFeaturePhaseClosesTheConnection) {
  auto& initiator = world_.session();
  initiator.send(iscsi::LoginRequestHeader());
  expect_rejected(initiator, iscsi::RejectReason::protocol_error);
  EXPECT_TRUE(initiator.closed());
}

TEST_P(Requests, ADataSegmentLongerThanDeclaredClosesTheConnection) {
  auto& initiator = world_.session();
  auto header = request(initiator, Opcode::nop_out);
  header.data_segment_length = 262145;
  const Bytes bytes = bytes_of(header);
  initiator.send_bytes({bytes.begin(), bytes.end()});
  expect_rejected(initiator, iscsi::RejectReason::protocol_error);
  EXPECT_TRUE(initiator.closed());
}

TEST_P(Requests, RequestsThatCameTooEarlyAreKeptWithLittleDataAllTogether) {
  auto& initiator = world_.session();
  ++initiator.cmd_sn;  // one is missing
  for (unsigned i = 0; i < 64; ++i) initiator.send(request(initiator, Opcode::nop_out, false), Octets(1024, 1));
  EXPECT_FALSE(initiator.receive());
  initiator.send(request(initiator, Opcode::nop_out, false), Octets(1, 1));
  expect_rejected(initiator, iscsi::RejectReason::out_of_resources);
  EXPECT_TRUE(initiator.closed());
}

TEST_P(Requests, TooManyImmediateCommandsAreRejected) {
  auto& initiator = world_.session();
  world_.fake->behaviour().holds = true;
  for (unsigned i = 0; i < 32; ++i) initiator.command(fake_read, {.lun = fake_lun, .immediate = true});
  EXPECT_EQ(world_.fake->held(), 32U);
  initiator.command(fake_read, {.lun = fake_lun, .immediate = true});
  expect_rejected(initiator, iscsi::RejectReason::too_many_immediate_commands);
}

TEST_P(Requests, ASessionOfTheSameInitiatorPortTakesTheOldOnesPlace) {
  auto& old = world_.session();
  world_.fake->behaviour().holds = true;
  world_.fake->behaviour().heeds_abort = true;
  old.command(fake_read, {.lun = fake_lun});
  auto& young = world_.connect();
  ASSERT_EQ(IscsiWorld::log_in(young, {}), iscsi::LoginStatus::success);
  EXPECT_TRUE(old.closed());
  EXPECT_EQ(world_.target->nexuses().size(), 1U);
  EXPECT_NE(young.tsih, old.tsih);
}

TEST_P(Requests, AnAdministratorsCloseIsToldFirst) {
  auto& initiator = world_.session();
  const auto nexuses = world_.target->nexuses();
  ASSERT_EQ(nexuses.size(), 1U);
  EXPECT_TRUE(world_.target->end_session(nexuses[0].properties.id, SessionEnd::administrator));
  const auto message = initiator.expect(Opcode::asynchronous_message).as<iscsi::AsynchronousMessageHeader>();
  EXPECT_EQ(message.async_event, static_cast<std::uint8_t>(iscsi::AsynchronousEvent::all_connections_dropped));
  EXPECT_TRUE(initiator.closed());
  world_.reactor.settle();
  EXPECT_TRUE(world_.target->nexuses().empty());
}

TEST_P(Requests, ADiscoverySessionServesNoCommands) {
  for (const auto opcode : {Opcode::scsi_command, Opcode::data_out, Opcode::task_management_request}) {
    auto& initiator = world_.connect();
    ASSERT_EQ(initiator.login({"InitiatorName=iqn.i", "SessionType=Discovery"}), iscsi::LoginStatus::success);
    EXPECT_NE(initiator.tsih, 0);
    initiator.send(request(initiator, opcode, opcode != Opcode::data_out));
    expect_rejected(initiator, iscsi::RejectReason::protocol_error);
    EXPECT_TRUE(initiator.closed());
    world_.disconnect(initiator);
  }
}

}  // namespace
}  // namespace tgt
