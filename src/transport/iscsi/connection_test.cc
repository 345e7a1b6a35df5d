// SPDX-License-Identifier: Apache-2.0
// Connections that are cut, that say nothing, and that say what makes no sense.
#include "transport/iscsi/connection.h"

#include <gtest/gtest.h>

#include <random>

#include "transport/iscsi/iscsi_world.h"

namespace tgt {
namespace {

using iscsi::Opcode;

constexpr std::uint64_t fake_lun = std::uint64_t{1} << 48;

void append(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }

Octets login_request() {
  iscsi::LoginRequestHeader header;
  header.flags = 0x87;
  header.initiator_task_tag = 1;
  header.cmd_sn = 1;
  const std::string text = WireInitiator::text({"InitiatorName=iqn.i", "TargetName=iqn.t", "InitialR2T=No"});
  return WireInitiator::encode(header, WireInitiator::bytes(text), false, false);
}

// A little of everything, as it would come in one go after the login.
Octets conversation() {
  Octets stream;
  std::uint32_t number = 1;
  const auto command = [&](std::uint8_t code, std::uint8_t flags, std::uint32_t length, std::uint64_t lun,
                           std::size_t immediate) {
    iscsi::ScsiCommandHeader header;
    header.opcode = static_cast<std::uint8_t>(Opcode::scsi_command);
    header.flags = flags | 1;
    header.lun = lun;
    header.initiator_task_tag = 100 + number;
    header.expected_data_transfer_length = length;
    header.cmd_sn = number++;
    header.cdb[0] = code;
    header.cdb[8] = static_cast<std::uint8_t>(length >> 8);
    append(stream, WireInitiator::encode(header, Octets(immediate, 1), false, false));
    return header.initiator_task_tag;
  };
  command(0x00, 0x80, 0, 0, 0);
  command(0x00, 0x80, 0, fake_lun, 0);
  command(0xa8, 0xc0, 1024, 0, 0);
  command(0xaa, 0xa0, 512, 0, 512);
  iscsi::DataOutHeader data;
  data.initiator_task_tag = command(0xaa, 0x20, 2048, 0, 512);
  data.target_transfer_tag = iscsi::reserved_tag;
  data.buffer_offset = 512;
  append(stream, WireInitiator::encode(data, Octets(512, 2), false, false));
  data.flags = iscsi::final_bit;
  data.data_sn = 1;
  data.buffer_offset = 1024;
  append(stream, WireInitiator::encode(data, Octets(1024, 2), false, false));
  command(0xaa, 0xa0, 4096, 0, 0);  // never gets its data
  command(0x28, 0x80, 0, fake_lun, 0);
  iscsi::TaskManagementRequestHeader abort;
  abort.opcode = static_cast<std::uint8_t>(Opcode::task_management_request) | iscsi::immediate_bit;
  abort.function = 0x82;
  abort.initiator_task_tag = 900;
  abort.cmd_sn = number;
  append(stream, WireInitiator::encode(abort, {}, false, false));
  iscsi::TaggedRequestHeader ping;
  ping.opcode = static_cast<std::uint8_t>(Opcode::nop_out) | iscsi::immediate_bit;
  ping.initiator_task_tag = 901;
  ping.target_transfer_tag = iscsi::reserved_tag;
  append(stream, WireInitiator::encode(ping, Octets(100, 3), false, false));
  return stream;
}

TEST(Connection, MayBeCutAtEveryByteOfALogin) {
  const Octets request = login_request();
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    IscsiWorld world(cut);
    auto& initiator = world.connect();
    initiator.send_bytes(Octets(request.begin(), request.begin() + static_cast<std::ptrdiff_t>(cut)));
    initiator.close();
    world.reactor.settle();
  }
}

TEST(Connection, MayBeCutAtEveryPduAndAnywhereInIt) {
  const Octets stream = conversation();
  for (std::size_t cut = 0; cut <= stream.size(); cut += 13) {
    IscsiWorld world(cut);
    world.fake->behaviour().holds = true;
    world.fake->behaviour().heeds_abort = true;
    auto& initiator = world.connect();
    initiator.send_bytes(login_request());
    initiator.expect(Opcode::login_response);
    initiator.send_bytes(Octets(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(cut)));
    initiator.close();
    world.reactor.settle();
  }
}

TEST(Connection, WithAnyByteChangedNeverHarmsAnotherSession) {
  const Octets stream = conversation();
  std::mt19937 random(1);
  for (unsigned round = 0; round < 300; ++round) {
    IscsiWorld world(round);
    auto& witness = world.session();
    witness.isid[5] = 2;
    Octets bad = stream;
    for (unsigned i = 0; i < 3; ++i) bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
    auto& initiator = world.connect();
    initiator.isid[5] = 9;
    initiator.send_bytes([] {
      Octets request = login_request();
      request[13] = 9;  // another initiator port
      return request;
    }());
    initiator.expect(Opcode::login_response);
    initiator.send_bytes(bad);
    initiator.close();
    witness.command({0xa8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0}, {.flags = 0xc0, .expected_length = 512});
    const auto answer = witness.receive();
    EXPECT_TRUE(answer.has_value());
  }
}

TEST(Connection, ThatSaysNothingIsClosedAfterAWhile) {
  IscsiWorld world;
  auto& initiator = world.connect();
  world.reactor.advance(14s);
  EXPECT_FALSE(initiator.closed(0s));
  EXPECT_TRUE(initiator.closed(2s));
}

TEST(Connection, ThatNeverEndsItsLoginIsClosedAfterAWhile) {
  IscsiWorld world;
  auto& initiator = world.connect();
  Octets request = login_request();
  request.pop_back();
  initiator.send_bytes(request);
  world.reactor.advance(14s);
  EXPECT_FALSE(initiator.closed(0s));
  EXPECT_TRUE(initiator.closed(2s));
}

TEST(Connection, ThatBeginsWithSomethingElseIsClosedWithoutAnAnswer) {
  IscsiWorld world;
  for (const Opcode opcode : {Opcode::nop_out, Opcode::scsi_command, Opcode::data_out, Opcode::reject}) {
    auto& initiator = world.connect();
    iscsi::BasicHeader header;
    header.opcode = static_cast<std::uint8_t>(opcode);
    initiator.send(header);
    EXPECT_TRUE(initiator.closed());
    world.disconnect(initiator);
  }
}

TEST(Connection, ThatSendsSomethingElseDuringLoginIsTold) {
  IscsiWorld world;
  auto& initiator = world.connect();
  Octets request = login_request();
  request[1] = 0x04;  // stays in the operational stage
  initiator.send_bytes(request);
  initiator.expect(Opcode::login_response);
  iscsi::BasicHeader header;
  header.opcode = static_cast<std::uint8_t>(Opcode::scsi_command);
  initiator.send(header);
  const auto answer = initiator.expect(Opcode::login_response).as<iscsi::LoginResponseHeader>();
  EXPECT_EQ(answer.status, static_cast<std::uint16_t>(iscsi::LoginStatus::invalid_during_login));
  EXPECT_TRUE(initiator.closed());
}

TEST(Connection, WithALoginPduThatIsTooLongIsClosed) {
  IscsiWorld world;
  auto& initiator = world.connect();
  iscsi::LoginRequestHeader header;
  header.data_segment_length = 8193;
  const Bytes bytes = bytes_of(header);
  initiator.send_bytes({bytes.begin(), bytes.end()});
  EXPECT_TRUE(initiator.closed());
}

TEST(Connection, FullOfPingsAnswersThemAll) {
  IscsiWorld world;
  world.capacity = 4096;
  auto& initiator = world.session();
  const std::size_t before = world.reactor.shard().buffers().lent();
  // Many more than may wait for being sent: the reading pauses meanwhile.
  iscsi::TaggedRequestHeader ping;
  ping.opcode = static_cast<std::uint8_t>(Opcode::nop_out) | iscsi::immediate_bit;
  ping.initiator_task_tag = 5;
  ping.target_transfer_tag = iscsi::reserved_tag;
  Octets many;
  for (unsigned i = 0; i < 2000; ++i) append(many, WireInitiator::encode(ping, Octets(100, 3), false, false));
  initiator.send_bytes(many);
  unsigned answers = 0;
  while (initiator.receive()) ++answers;
  EXPECT_EQ(answers, 2000U);
  EXPECT_EQ(world.reactor.shard().buffers().lent(), before);
}

}  // namespace
}  // namespace tgt
