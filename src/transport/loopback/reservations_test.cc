// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/reservations.h"

#include <gmock/gmock.h>

#include "core/logical_unit.h"
#include "core/refusals.h"
#include "scsi/transport_id.h"
#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

using Type = ReservationType;
using Action = PersistentReserveOutAction;
constexpr Lun lun{0};

Cdb reserve_6() { return cdb_of({0x16, 0, 0, 0, 0, 0}); }
Cdb release_6() { return cdb_of({0x17, 0, 0, 0, 0, 0}); }
Cdb reserve_in(std::uint8_t action, std::uint8_t length = 0xff) {
  return cdb_of({0x5e, action, 0, 0, 0, 0, 0, 0, length, 0});
}
Cdb reserve_out(Action action, Type type, std::size_t length = 24) {
  return cdb_of({0x5f, static_cast<std::uint8_t>(action), static_cast<std::uint8_t>(type), 0, 0, 0, 0, 0,
                 static_cast<std::uint8_t>(length), 0});
}

struct Keys {
  std::uint64_t key = 0;
  std::uint64_t action_key = 0;
  std::uint8_t flags = 0;
};
std::vector<std::uint8_t> parameter_list(const Keys& keys) {
  std::vector<std::uint8_t> list(24);
  copy_bytes(bytes_of(be64(keys.key)), list);
  copy_bytes(bytes_of(be64(keys.action_key)), MutableBytes(list).subspan(8));
  list[20] = keys.flags;
  return list;
}
constexpr std::uint8_t aptpl = 0x01;
constexpr std::uint8_t specify_ports = 0x08;

// Remembers what it was given, or fails.
class FakeStore final : public StateStore {
 public:
  struct Disk {
    std::vector<std::uint8_t> blob;
    unsigned saves = 0;
    bool fails = false;
    Duration takes{};
  };
  explicit FakeStore(Disk& disk) : disk_(disk) {}
  Task<bool> save(Shard& shard, std::vector<std::uint8_t> blob) override {
    if (disk_.takes != Duration{}) co_await shard.sleep(disk_.takes);
    disk_.blob = std::move(blob);  // that it is there may be just what could not be made sure of
    if (disk_.fails) co_return false;
    ++disk_.saves;
    co_return true;
  }

 private:
  Disk& disk_;
};

class ReservationsTest : public testing::Test {
 protected:
  ReservationsTest() {
    unit().reservations().set_store(std::make_unique<FakeStore>(disk_));
    for (LoopbackInitiator* initiator : {&alice_, &bob_}) world_.clear_attentions(*initiator, lun);
  }
  LogicalUnit& unit() { return *world_.target->find(lun); }
  LoopbackReply run(LoopbackInitiator& initiator, const Cdb& cdb) {
    return world_.run(initiator, {.cdb = cdb, .expected_data_in = 255});
  }
  Status status(LoopbackInitiator& initiator, const Cdb& cdb) { return run(initiator, cdb).status; }
  LoopbackReply out(LoopbackInitiator& initiator, Action action, const Keys& keys, Type type = {}) {
    return world_.run(initiator, {.cdb = reserve_out(action, type), .data_out = parameter_list(keys)});
  }
  void register_both() {
    EXPECT_EQ(out(alice_, Action::register_key, {.action_key = 0xa}).status, Status::good);
    EXPECT_EQ(out(bob_, Action::register_key, {.action_key = 0xb}).status, Status::good);
  }
  bool may_read(LoopbackInitiator& initiator) { return status(initiator, read_10()) == Status::good; }
  bool may_write(LoopbackInitiator& initiator) {
    const LoopbackReply reply = world_.run(initiator, {.cdb = write_10(4), .data_out = {1, 2, 3, 4}});
    EXPECT_TRUE(reply.status == Status::good || reply.status == Status::reservation_conflict);
    return reply.status == Status::good;
  }
  // With tag 7.
  auto bob_preempts_and_aborts_alice() {
    return world_.begin(bob_, {.cdb = reserve_out(Action::preempt_and_abort, Type::write_exclusive),
                               .data_out = parameter_list({.key = 0xb, .action_key = 0xa}),
                               .tag = 7});
  }
  std::optional<Sense> sense_of_next(LoopbackInitiator& initiator) { return run(initiator, test_unit_ready()).sense; }
  std::uint32_t armed(LoopbackInitiator& initiator) { return initiator.nexus().itl(lun)->armed(); }

  FakeStore::Disk disk_;
  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun);
  LoopbackInitiator& alice_ = world_.add_initiator(0, "iqn.2026-01.example:alice");
  LoopbackInitiator& bob_ = world_.add_initiator(1, "iqn.2026-01.example:bob");
};

TEST_F(ReservationsTest, AReservedUnitServesItsHolderOnly) {
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  EXPECT_TRUE(may_write(alice_));
  EXPECT_EQ(armed(alice_), 0u) << "the holder keeps the fast path";
  EXPECT_FALSE(may_read(bob_));
  EXPECT_FALSE(may_write(bob_));
  EXPECT_EQ(status(bob_, test_unit_ready()), Status::reservation_conflict);
  EXPECT_EQ(status(bob_, reserve_6()), Status::reservation_conflict);
  for (const Cdb& cdb : {inquiry(), request_sense(), report_luns(), release_6()}) {
    EXPECT_EQ(status(bob_, cdb), Status::good);
  }
  EXPECT_FALSE(may_read(bob_)) << "a release by another releases nothing";
  EXPECT_EQ(status(alice_, release_6()), Status::good);
  EXPECT_TRUE(may_write(bob_));
  EXPECT_EQ(armed(bob_), 0u);
}

TEST_F(ReservationsTest, AReservationEndsWithItsNexusAndWithAReset) {
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  world_.begin_function(bob_, TaskManagementFunction::logical_unit_reset, lun);
  EXPECT_EQ(sense_of_next(bob_), Sense::bus_device_reset());
  EXPECT_TRUE(may_read(bob_));
  world_.clear_attentions(alice_, lun);
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  EXPECT_FALSE(may_read(bob_));
  world_.begin_function(alice_, TaskManagementFunction::i_t_nexus_reset, lun);
  EXPECT_TRUE(may_read(bob_));
  world_.clear_attentions(alice_, lun);
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  EXPECT_TRUE(world_.reactor().run(alice_.logout()));
  EXPECT_TRUE(may_read(bob_));
}

TEST_F(ReservationsTest, PersistentCommandsConflictWithAReservedUnit) {
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  for (LoopbackInitiator* initiator : {&alice_, &bob_}) {
    EXPECT_EQ(status(*initiator, reserve_in(0)), Status::reservation_conflict);
    EXPECT_EQ(out(*initiator, Action::register_key, {.action_key = 1}).status, Status::reservation_conflict);
  }
}

TEST_F(ReservationsTest, ReserveConflictsWithRegistrationsUnlessTheNexusIsFreeAnyway) {
  register_both();
  EXPECT_EQ(status(alice_, reserve_6()), Status::reservation_conflict);
  out(alice_, Action::reserve, {.key = 0xa}, Type::write_exclusive);
  EXPECT_EQ(status(alice_, reserve_6()), Status::good);
  EXPECT_EQ(status(alice_, release_6()), Status::good);
  EXPECT_EQ(status(bob_, reserve_6()), Status::reservation_conflict);
  EXPECT_TRUE(may_read(bob_)) << "nothing was reserved by it";
}

struct Rights {
  Type type;
  bool registered_reads, registered_writes, stranger_reads, stranger_writes;
};
class ReservationTypeTest : public ReservationsTest, public testing::WithParamInterface<Rights> {};

TEST_P(ReservationTypeTest, OthersMayDoWhatTheTypeSays) {
  const Rights& rights = GetParam();
  LoopbackInitiator& stranger = world_.add_initiator(1);
  world_.clear_attentions(stranger, lun);
  register_both();
  EXPECT_EQ(out(alice_, Action::reserve, {.key = 0xa}, rights.type).status, Status::good);
  EXPECT_TRUE(may_read(alice_) && may_write(alice_));
  EXPECT_EQ(armed(alice_), 0u);
  EXPECT_EQ(may_read(bob_), rights.registered_reads);
  EXPECT_EQ(may_write(bob_), rights.registered_writes);
  EXPECT_EQ(may_read(stranger), rights.stranger_reads);
  EXPECT_EQ(may_write(stranger), rights.stranger_writes);
  for (const Cdb& cdb : {inquiry(), test_unit_ready(), report_luns(), reserve_in(0), reserve_in(1), reserve_in(3)}) {
    EXPECT_EQ(status(stranger, cdb), Status::good);
  }
  EXPECT_EQ(out(alice_, Action::release, {.key = 0xa}, rights.type).status, Status::good);
  EXPECT_TRUE(may_write(stranger));
  EXPECT_EQ(armed(stranger), 0u);
}

INSTANTIATE_TEST_SUITE_P(Types, ReservationTypeTest,
                         testing::Values(Rights{Type::write_exclusive, true, false, true, false},
                                         Rights{Type::exclusive_access, false, false, false, false},
                                         Rights{Type::write_exclusive_registrants_only, true, true, true, false},
                                         Rights{Type::exclusive_access_registrants_only, true, true, false, false},
                                         Rights{Type::write_exclusive_all_registrants, true, true, true, false},
                                         Rights{Type::exclusive_access_all_registrants, true, true, false, false}));

TEST_F(ReservationsTest, ReadKeysListsThemAndTellsTheWholeLengthWhenCut) {
  register_both();
  const LoopbackReply reply = run(alice_, reserve_in(0));
  ASSERT_EQ(reply.data.size(), 24u);
  EXPECT_EQ(*read_wire<be32>(reply.data), 2u) << "PRGENERATION";
  EXPECT_EQ(*read_wire<be32>(Bytes(reply.data).subspan(4)), 16u);
  EXPECT_EQ(*read_wire<be64>(Bytes(reply.data).subspan(8)), 0xau);
  EXPECT_EQ(*read_wire<be64>(Bytes(reply.data).subspan(16)), 0xbu);
  const LoopbackReply cut = run(alice_, reserve_in(0, 12));
  ASSERT_EQ(cut.data.size(), 12u);
  EXPECT_EQ(cut.data[7], 16);
}

TEST_F(ReservationsTest, ReadReservationNamesKeyAndType) {
  register_both();
  EXPECT_EQ(run(bob_, reserve_in(1)).data.size(), 8u);
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  const LoopbackReply reply = run(bob_, reserve_in(1));
  ASSERT_EQ(reply.data.size(), 24u);
  EXPECT_EQ(*read_wire<be64>(Bytes(reply.data).subspan(8)), 0xau);
  EXPECT_EQ(reply.data[21], 0x03);
}

TEST_F(ReservationsTest, ReportCapabilitiesSaysWhatWeHave) {
  const LoopbackReply reply = run(alice_, reserve_in(2));
  EXPECT_THAT(reply.data, testing::ElementsAre(0, 8, 0x1d, 0x80, 0xea, 0x01, 0, 0));
  out(alice_, Action::register_key, {.action_key = 1, .flags = aptpl});
  EXPECT_EQ(run(alice_, reserve_in(2)).data[3], 0x81);
}

TEST_F(ReservationsTest, ReadFullStatusNamesEveryNexus) {
  register_both();
  out(bob_, Action::reserve, {.key = 0xb}, Type::write_exclusive);
  const LoopbackReply reply = run(alice_, reserve_in(3));
  const auto transport_id = IscsiTransportId::decode(Bytes(reply.data).subspan(8 + 24));
  ASSERT_TRUE(transport_id);
  EXPECT_EQ(transport_id->id.name, "iqn.2026-01.example:alice");
  EXPECT_EQ(reply.data[8 + 12], 0) << "does not hold it";
  const std::size_t second = 8 + 24 + transport_id->length;
  ASSERT_GT(reply.data.size(), second + 24);
  EXPECT_EQ(*read_wire<be64>(Bytes(reply.data).subspan(second)), 0xbu);
  EXPECT_EQ(reply.data[second + 12], 1) << "R_HOLDER";
  EXPECT_EQ(reply.data[second + 13], 1) << "WRITE EXCLUSIVE";
  EXPECT_EQ(reply.data[second + 19], 1) << "relative target port";
}

TEST_F(ReservationsTest, ARegistrationSurvivesItsSession) {
  register_both();
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  EXPECT_TRUE(world_.reactor().run(alice_.logout()));
  EXPECT_FALSE(may_read(bob_));
  LoopbackInitiator& again = world_.add_initiator(1, "iqn.2026-01.example:alice");
  world_.clear_attentions(again, lun);
  EXPECT_TRUE(may_write(again));
  EXPECT_EQ(out(again, Action::release, {.key = 0xa}, Type::exclusive_access).status, Status::good);
  EXPECT_TRUE(may_read(bob_));
}

TEST_F(ReservationsTest, AResetLeavesPersistentReservationsAlone) {
  register_both();
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  world_.begin_function(bob_, TaskManagementFunction::logical_unit_reset, lun);
  world_.clear_attentions(bob_, lun);
  EXPECT_FALSE(may_read(bob_));
}

TEST_F(ReservationsTest, WhoLosesItsRegistrationIsTold) {
  register_both();
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  EXPECT_EQ(out(bob_, Action::preempt, {.key = 0xb, .action_key = 0xa}, Type::exclusive_access).status, Status::good);
  EXPECT_EQ(sense_of_next(alice_), refusal::registrations_preempted);
  EXPECT_EQ(sense_of_next(bob_), std::nullopt);
  EXPECT_FALSE(may_read(alice_));
}

TEST_F(ReservationsTest, PreemptAndAbortWaitsForTheTasksOfTheOtherShard) {
  register_both();
  out(alice_, Action::reserve, {.key = 0xa}, Type::write_exclusive);
  device_.behaviour().holds = true;
  const auto alices = world_.begin(alice_, {.cdb = read_10(), .tag = 1});
  const auto bobs = world_.begin(bob_, {.cdb = read_10(), .tag = 2});
  const auto preempt = bob_preempts_and_aborts_alice();
  world_.advance(5s);
  EXPECT_FALSE(*preempt);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*preempt);
  EXPECT_EQ((*preempt)->status, Status::good);
  EXPECT_FALSE((*alices)->answered);
  EXPECT_FALSE(*bobs) << "not preempted";
  EXPECT_EQ(sense_of_next(alice_), refusal::registrations_preempted);
}

TEST_F(ReservationsTest, PreemptAndAbortCanItselfBeAborted) {
  register_both();
  device_.behaviour().holds = true;
  const auto alices = world_.begin(alice_, {.cdb = read_10(), .tag = 1});
  const auto preempt = bob_preempts_and_aborts_alice();
  EXPECT_FALSE(*preempt);
  const auto abort = world_.begin_function(bob_, TaskManagementFunction::abort_task, lun, 7);
  world_.advance(2s);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, TaskManagementResponse::function_complete);
  EXPECT_FALSE(*alices) << "its device has not given it back";
}

TEST_F(ReservationsTest, PreemptAndAbortIsNotGoodWhileAPreemptedTaskRuns) {
  LoopbackInitiator& carol = world_.add_initiator(0);
  world_.clear_attentions(carol, lun);
  register_both();
  device_.behaviour().holds = true;
  const auto alices = world_.begin(alice_, {.cdb = write_10(4), .data_out = {1, 2, 3, 4}, .tag = 1});
  const auto preempt = bob_preempts_and_aborts_alice();
  const auto clear = world_.begin_function(carol, TaskManagementFunction::clear_task_set, lun);
  world_.advance(20s);
  ASSERT_TRUE(*clear && *preempt);
  EXPECT_EQ(**clear, TaskManagementResponse::function_rejected);
  EXPECT_TRUE(device_.is_held(1));
  EXPECT_TRUE((*preempt)->answered);
  EXPECT_EQ((*preempt)->sense, Sense::aborted_command());
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*alices);
  EXPECT_FALSE((*alices)->answered);
}

TEST_F(ReservationsTest, PreemptAndAbortWaitsOnWhenNobodyWantsItGoneAnyMore) {
  register_both();
  device_.behaviour().holds = true;
  const auto alices = world_.begin(alice_, {.cdb = read_10(), .tag = 1});
  const auto preempt = bob_preempts_and_aborts_alice();
  TaskManager impatient({.abort = 100ms});
  const auto abort = start(bob_.manage(impatient, TaskManagementFunction::abort_task, lun, 7));
  world_.advance(20s);
  ASSERT_TRUE(*abort);
  EXPECT_EQ(**abort, TaskManagementResponse::function_rejected);
  EXPECT_FALSE(*preempt);
  device_.complete(1);
  world_.settle();
  ASSERT_TRUE(*preempt);
  EXPECT_EQ((*preempt)->status, Status::good);
}

TEST_F(ReservationsTest, TwoChangesAtOnceComeOneAfterTheOther) {
  disk_.takes = 10ms;
  const auto a = start(alice_.execute(
      {.cdb = reserve_out(Action::register_key, {}), .data_out = parameter_list({.action_key = 0xa, .flags = aptpl})}));
  const auto b = start(bob_.execute(
      {.cdb = reserve_out(Action::register_key, {}), .data_out = parameter_list({.action_key = 0xb, .flags = aptpl})}));
  world_.advance(5ms);
  EXPECT_FALSE(*a || *b) << "not before it is safe";
  EXPECT_EQ(status(bob_, reserve_6()), Status::busy);
  world_.advance(50ms);
  ASSERT_TRUE(*a && *b);
  const auto saved = decode_persistent_state(disk_.blob);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->registrations.size(), 2u);
}

TEST_F(ReservationsTest, WithAptplEverythingComesBackAfterARestart) {
  out(alice_, Action::register_key, {.action_key = 0xa, .flags = aptpl});
  out(bob_, Action::register_key, {.action_key = 0xb, .flags = aptpl});
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  EXPECT_EQ(disk_.saves, 3u);

  CoreWorld after;
  FakeDevice& device = after.add_unit(lun);
  static_cast<void>(device);
  EXPECT_TRUE(after.target->find(lun)->reservations().restore(disk_.blob));
  LoopbackInitiator& alice = after.add_initiator(0, "iqn.2026-01.example:alice");
  LoopbackInitiator& bob = after.add_initiator(1, "iqn.2026-01.example:bob");
  after.clear_attentions(alice, lun);
  after.clear_attentions(bob, lun);
  EXPECT_EQ(after.run(alice, {.cdb = read_10()}).status, Status::good);
  EXPECT_EQ(after.run(bob, {.cdb = read_10()}).status, Status::reservation_conflict);
}

TEST_F(ReservationsTest, WithoutAptplNothingIsStoredAndWhatWasIsForgotten) {
  out(alice_, Action::register_key, {.action_key = 0xa});
  EXPECT_EQ(disk_.saves, 0u);
  out(alice_, Action::register_key, {.key = 0xa, .action_key = 0xa, .flags = aptpl});
  EXPECT_EQ(decode_persistent_state(disk_.blob)->registrations.size(), 1u);
  out(alice_, Action::register_key, {.key = 0xa, .action_key = 0xa});
  EXPECT_TRUE(decode_persistent_state(disk_.blob)->registrations.empty());
}

TEST_F(ReservationsTest, WhatCannotBeStoredIsRefusedAndNotDone) {
  disk_.fails = true;
  const LoopbackReply reply = out(alice_, Action::register_key, {.action_key = 0xa, .flags = aptpl});
  EXPECT_EQ(reply.sense, refusal::insufficient_registration_resources);
  EXPECT_EQ(run(alice_, reserve_in(0)).data.size(), 8u);
}

TEST_F(ReservationsTest, WhatAFailedSaveMayHaveLeftDoesNotComeBack) {
  disk_.fails = true;
  out(alice_, Action::register_key, {.action_key = 0xa, .flags = aptpl});
  EXPECT_EQ(decode_persistent_state(disk_.blob)->registrations.size(), 1u);
  disk_.fails = false;
  EXPECT_EQ(out(bob_, Action::register_key, {.action_key = 0xb}).status, Status::good);
  EXPECT_TRUE(decode_persistent_state(disk_.blob)->registrations.empty());
  EXPECT_EQ(out(alice_, Action::register_key, {.action_key = 0xa}).status, Status::good);
  EXPECT_EQ(disk_.saves, 1u) << "it is known what the store holds";
}

TEST_F(ReservationsTest, WithoutAStoreAptplIsRefused) {
  unit().reservations().set_store(nullptr);
  const LoopbackReply reply = out(alice_, Action::register_key, {.action_key = 0xa, .flags = aptpl});
  EXPECT_EQ(reply.sense, Sense::invalid_field_in_parameter_list(20));
}

TEST_F(ReservationsTest, ParameterListsOfWrongLengthAreRefused) {
  const auto with_length = [&](std::size_t length) {
    return world_
        .run(alice_,
             {.cdb = reserve_out(Action::register_key, {}, length), .data_out = std::vector<std::uint8_t>(length)})
        .sense;
  };
  EXPECT_EQ(with_length(0), Sense::parameter_list_length_error());
  EXPECT_EQ(with_length(23), Sense::parameter_list_length_error());
  EXPECT_EQ(with_length(28), Sense::parameter_list_length_error());
  const Cdb says_24 = reserve_out(Action::register_key, {});
  EXPECT_EQ(world_.run(alice_, {.cdb = says_24, .data_out = std::vector<std::uint8_t>(16)}).sense,
            Sense::parameter_list_length_error())
      << "of which less comes";
}

TEST_F(ReservationsTest, UnknownTypesAndScopesAreRefused) {
  register_both();
  for (const unsigned scope_and_type : {0x00u, 0x02u, 0x04u, 0x09u, 0x0fu, 0x11u, 0x21u}) {
    const LoopbackReply reply = out(alice_, Action::reserve, {.key = 0xa}, static_cast<Type>(scope_and_type));
    EXPECT_EQ(reply.sense, Sense::invalid_field_in_cdb()) << scope_and_type;
  }
}

TEST_F(ReservationsTest, PreemptLooksAtScopeAndTypeOnlyWhereItTakesAReservationOver) {
  for (const Action action : {Action::preempt, Action::preempt_and_abort}) {
    register_both();
    EXPECT_EQ(out(bob_, action, {.key = 0xb, .action_key = 0xa}, Type{}).status, Status::good);
    EXPECT_EQ(sense_of_next(alice_), refusal::registrations_preempted);
    out(alice_, Action::register_key, {.action_key = 0xa});
    out(alice_, Action::reserve, {.key = 0xa}, Type::write_exclusive);
    for (const unsigned scope_and_type : {0x00u, 0x0fu, 0x11u}) {
      const auto refused = out(bob_, action, {.key = 0xb, .action_key = 0xa}, static_cast<Type>(scope_and_type)).sense;
      ASSERT_TRUE(refused && refused->field);
      EXPECT_EQ(*refused, Sense::invalid_field_in_cdb());
      EXPECT_EQ(refused->field->byte, 2);
    }
    EXPECT_TRUE(may_write(alice_)) << "nothing has changed";
    out(alice_, Action::clear, {.key = 0xa});
    world_.clear_attentions(bob_, lun);
  }
}

TEST_F(ReservationsTest, OtherPortsCanBeRegisteredByTheirTransportIds) {
  const std::vector<std::uint8_t> id =
      IscsiTransportId{.name = "iqn.2026-01.example:carol", .isid = std::array<std::uint8_t, 6>{}}.encode();
  std::vector<std::uint8_t> list = parameter_list({.action_key = 0xa, .flags = specify_ports});
  const be32 length(static_cast<std::uint32_t>(id.size()));
  list.insert(list.end(), bytes_of(length).begin(), bytes_of(length).end());
  list.insert(list.end(), id.begin(), id.end());
  const auto send = [&] {
    return world_.run(alice_, {.cdb = reserve_out(Action::register_key, {}, list.size()), .data_out = list});
  };
  list[24 + 4] = 0x44;  // no iSCSI TransportID
  EXPECT_EQ(send().sense, Sense::invalid_field_in_parameter_list(28));
  list[24 + 4] = 0x45;
  EXPECT_EQ(send().status, Status::good);
  EXPECT_EQ(run(alice_, reserve_in(0)).data.size(), 8u + 16u);
}

TEST_F(ReservationsTest, AReservationMovesToAnotherPort) {
  register_both();
  out(alice_, Action::reserve, {.key = 0xa}, Type::exclusive_access);
  const std::vector<std::uint8_t> id =
      IscsiTransportId{.name = "iqn.2026-01.example:bob", .isid = std::array<std::uint8_t, 6>{}}.encode();
  std::vector<std::uint8_t> list = parameter_list({.key = 0xa, .action_key = 0xb});
  list[17] = 0x02;  // UNREG
  list[19] = 9;
  list[23] = static_cast<std::uint8_t>(id.size());
  list.insert(list.end(), id.begin(), id.end());
  const auto send = [&] {
    return world_.run(alice_, {.cdb = reserve_out(Action::register_and_move, {}, list.size()), .data_out = list});
  };
  EXPECT_EQ(send().sense, Sense::invalid_field_in_parameter_list(18)) << "there is no target port 9";
  list[19] = 1;
  EXPECT_EQ(send().status, Status::good);
  EXPECT_TRUE(may_write(bob_));
  EXPECT_FALSE(may_read(alice_));
}

}  // namespace
}  // namespace tgt
