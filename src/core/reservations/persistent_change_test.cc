// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/persistent_change.h"

#include <gmock/gmock.h>

#include "core/refusals.h"
#include "core/reservations/parameter_list.h"
#include "core/reservations/persistence.h"

namespace tgt {
namespace {

using Action = PersistentReserveOutAction;
using Type = ReservationType;
using testing::IsEmpty;
using testing::SizeIs;

NexusIdentity nexus(const std::string& name, std::uint16_t port = 1) {
  return {.initiator = {.name = name, .isid = {1}}, .target = "t", .relative_target_port = port};
}

const NexusIdentity alice = nexus("alice");
const NexusIdentity bob = nexus("bob");
const NexusIdentity carol = nexus("carol");

constexpr Type all_types[] = {Type::write_exclusive,
                              Type::exclusive_access,
                              Type::write_exclusive_registrants_only,
                              Type::exclusive_access_registrants_only,
                              Type::write_exclusive_all_registrants,
                              Type::exclusive_access_all_registrants};

class PersistentChangeTest : public testing::Test {
 protected:
  // The change is put in place, as the unit does.
  PersistentChange good(PersistentReserveOutRequest request) {
    auto change = persistent_change(state_, request);
    if (!change) {
      ADD_FAILURE() << "refused";
      return {};
    }
    state_ = change->after;
    return *change;
  }
  bool conflicts(const PersistentReserveOutRequest& request) {
    const auto change = persistent_change(state_, request);
    return !change && change.error() == PersistentReserveRefusal(Status::reservation_conflict);
  }
  std::optional<Sense> sense(const PersistentReserveOutRequest& request) {
    const auto change = persistent_change(state_, request);
    if (change || !std::holds_alternative<Sense>(change.error())) return std::nullopt;
    return std::get<Sense>(change.error());
  }
  void register_all() {
    good({.action = Action::register_key, .nexus = alice, .service_action_reservation_key = 0xa});
    good({.action = Action::register_key, .nexus = bob, .service_action_reservation_key = 0xb});
    good({.action = Action::register_key, .nexus = carol, .service_action_reservation_key = 0xc});
  }
  void alice_reserves(Type type) {
    good({.action = Action::reserve, .nexus = alice, .type = type, .reservation_key = 0xa});
  }
  std::uint64_t key_of(const NexusIdentity& who) {
    const Registration* found = state_.find(who);
    return found == nullptr ? 0 : found->key;
  }
  static std::vector<std::string> told(const PersistentChange& change, const Sense& condition) {
    std::vector<std::string> names;
    for (const auto& one : change.attentions) {
      if (one.condition == condition) names.push_back(one.whom.nexus.initiator.name);
    }
    return names;
  }

  PersistentState state_;
};

TEST_F(PersistentChangeTest, RegisterNeedsTheKeyThatIsThere) {
  EXPECT_TRUE(conflicts(
      {.action = Action::register_key, .nexus = alice, .reservation_key = 1, .service_action_reservation_key = 2}));
  good({.action = Action::register_key, .nexus = alice, .service_action_reservation_key = 0xa});
  EXPECT_EQ(key_of(alice), 0xau);
  EXPECT_EQ(state_.generation, 1u);
  EXPECT_TRUE(conflicts(
      {.action = Action::register_key, .nexus = alice, .reservation_key = 0, .service_action_reservation_key = 2}));
  good(
      {.action = Action::register_key, .nexus = alice, .reservation_key = 0xa, .service_action_reservation_key = 0xaa});
  EXPECT_EQ(key_of(alice), 0xaau);
  good({.action = Action::register_key, .nexus = alice, .reservation_key = 0xaa});
  EXPECT_EQ(state_.find(alice), nullptr);
  EXPECT_EQ(state_.generation, 3u);
}

TEST_F(PersistentChangeTest, UnregisteringTheUnregisteredChangesNothing) {
  good({.action = Action::register_key, .nexus = alice});
  good({.action = Action::register_and_ignore_existing_key, .nexus = alice, .reservation_key = 77});
  EXPECT_EQ(state_, PersistentState{});
}

TEST_F(PersistentChangeTest, RegisterAndIgnoreTakesAnyKey) {
  register_all();
  good({.action = Action::register_and_ignore_existing_key,
        .nexus = alice,
        .reservation_key = 0xbad,
        .service_action_reservation_key = 0x1});
  EXPECT_EQ(key_of(alice), 1u);
  good({.action = Action::register_and_ignore_existing_key, .nexus = alice});
  EXPECT_EQ(state_.find(alice), nullptr);
}

TEST_F(PersistentChangeTest, OtherPortsAreRegisteredWithTheFirstRegistrationOnly) {
  good({.action = Action::register_key, .nexus = bob, .service_action_reservation_key = 0xb});
  good({.action = Action::register_key,
        .nexus = alice,
        .service_action_reservation_key = 0xa,
        .specify_initiator_ports = true,
        .others = {bob, carol}});
  EXPECT_EQ(key_of(carol), 0xau);
  EXPECT_EQ(key_of(bob), 0xbu) << "it was registered already";
  EXPECT_EQ(sense({.action = Action::register_key,
                   .nexus = alice,
                   .reservation_key = 0xa,
                   .service_action_reservation_key = 1,
                   .specify_initiator_ports = true}),
            Sense::invalid_field_in_parameter_list(20));
}

TEST_F(PersistentChangeTest, AllTargetPortsMakesOneRegistrationForEveryPort) {
  good({.action = Action::register_key,
        .nexus = alice,
        .service_action_reservation_key = 0xa,
        .all_target_ports = true});
  EXPECT_EQ(key_of(nexus("alice", 2)), 0xau);
  good({.action = Action::register_key, .nexus = bob, .service_action_reservation_key = 0xb});
  EXPECT_EQ(key_of(nexus("bob", 2)), 0u);
}

TEST_F(PersistentChangeTest, ARegistrationBecomesOneForAllTargetPortsAndTakesInThoseOfOtherPorts) {
  const NexusIdentity elsewhere = nexus("alice", 2);
  good({.action = Action::register_key, .nexus = alice, .service_action_reservation_key = 0xa});
  good({.action = Action::register_key, .nexus = elsewhere, .service_action_reservation_key = 0xe});
  good({.action = Action::reserve, .nexus = elsewhere, .type = Type::write_exclusive, .reservation_key = 0xe});
  good({.action = Action::register_key,
        .nexus = alice,
        .reservation_key = 0xa,
        .service_action_reservation_key = 0xaa,
        .all_target_ports = true});
  EXPECT_THAT(state_.registrations, SizeIs(1));
  for (std::uint16_t port = 1; port <= 3; ++port) EXPECT_EQ(key_of(nexus("alice", port)), 0xaau) << port;
  EXPECT_TRUE(state_.holds(*state_.find(alice))) << "one of them held it";
  good(
      {.action = Action::register_and_ignore_existing_key, .nexus = elsewhere, .service_action_reservation_key = 0xbb});
  EXPECT_EQ(key_of(alice), 0xbbu) << "it is one registration still";
}

TEST_F(PersistentChangeTest, ThereIsAnEndToRegistrations) {
  register_all();
  PersistentReserveOutRequest many{.action = Action::register_key,
                                   .nexus = nexus("dave"),
                                   .service_action_reservation_key = 0xd,
                                   .specify_initiator_ports = true};
  for (std::size_t i = 4; i < PersistentState::most_registrations; ++i) {
    many.others.push_back(nexus("other" + std::to_string(i)));
  }
  PersistentReserveOutRequest too_many = many;
  too_many.others.push_back(nexus("one more"));
  EXPECT_EQ(sense(too_many), Sense::of(SenseKey::illegal_request, 0x55, 0x04));
  good(many);
  EXPECT_THAT(state_.registrations, SizeIs(PersistentState::most_registrations));
  const PersistentReserveOutRequest erin{
      .action = Action::register_and_ignore_existing_key, .nexus = nexus("erin"), .service_action_reservation_key = 1};
  EXPECT_EQ(sense(erin), refusal::insufficient_registration_resources);
  alice_reserves(Type::exclusive_access);
  EXPECT_EQ(sense({.action = Action::register_and_move,
                   .nexus = alice,
                   .reservation_key = 0xa,
                   .service_action_reservation_key = 0xe,
                   .others = {nexus("erin")}}),
            refusal::insufficient_registration_resources);
  good(
      {.action = Action::register_key, .nexus = alice, .reservation_key = 0xa, .service_action_reservation_key = 0xaa});
  const PersistentState full = state_;
  state_.generation = 0;
  EXPECT_EQ(decode_persistent_state(encode_persistent_state(full)), state_);
  good({.action = Action::register_key, .nexus = bob, .reservation_key = 0xb});
  good(erin);
  state_.registrations.push_back({.key = 1, .nexus = bob});
  EXPECT_FALSE(decode_persistent_state(encode_persistent_state(state_)));
}

TEST(PersistentReserveOutList, ANameThatStandsForManyPortsIsNotTakenAgainAndAgain) {
  std::vector<std::uint8_t> id(24);
  copy_bytes(Bytes(std::array<std::uint8_t, 9>{0x05, 0, 0, 20, 'a', 'l', 'i', 'c', 'e'}), id);
  PersistentReserveOutList::KnownPorts known;
  for (std::uint16_t number = 0; number < 512; ++number) {
    known.push_back(nexus("alice"));
    known.back().initiator.isid[0] = static_cast<std::uint8_t>(number);
    known.back().initiator.isid[1] = static_cast<std::uint8_t>(number >> 8);
  }
  const auto decode = [&](std::uint8_t times) {
    std::vector<std::uint8_t> list(28);
    list[20] = 0x08;  // SPEC_I_PT
    list[27] = static_cast<std::uint8_t>(times * id.size());
    for (unsigned i = 0; i < times; ++i) list.insert(list.end(), id.begin(), id.end());
    return PersistentReserveOutList::decode(list, {.action = Action::register_key, .nexus = bob}, known);
  };
  EXPECT_TRUE(decode(2).has_value());
  ASSERT_FALSE(decode(3).has_value());
  EXPECT_EQ(decode(3).error(), refusal::insufficient_registration_resources);
}

TEST(PersistentReserveOutList, ANameStandsForPortsThroughTheTargetPortOfTheCommandUnlessAllAreAskedFor) {
  std::vector<std::uint8_t> id(24);
  copy_bytes(Bytes(std::array<std::uint8_t, 9>{0x05, 0, 0, 20, 'a', 'l', 'i', 'c', 'e'}), id);
  NexusIdentity elsewhere = nexus("alice", 2);
  elsewhere.target = "another";
  // Logged in and registered, so it is there twice.
  const PersistentReserveOutList::KnownPorts known{nexus("alice", 1), nexus("alice", 2), elsewhere, carol,
                                                   nexus("alice", 2), nexus("alice", 1)};
  const auto named = [&](std::uint8_t flags) {
    std::vector<std::uint8_t> list(28);
    list[20] = flags;
    list[27] = static_cast<std::uint8_t>(id.size());
    list.insert(list.end(), id.begin(), id.end());
    const PersistentReserveOutRequest request{.action = Action::register_key, .nexus = nexus("bob", 2)};
    const auto decoded = PersistentReserveOutList::decode(list, request, known);
    return decoded ? decoded->others : std::vector<NexusIdentity>();
  };
  EXPECT_THAT(named(0x08), testing::ElementsAre(nexus("alice", 2)));
  EXPECT_THAT(named(0x0c), testing::ElementsAre(nexus("alice", 1), nexus("alice", 2))) << "ALL_TG_PT";
}

TEST_F(PersistentChangeTest, OnlyARegisteredNexusWithItsKeyMayDoTheRest) {
  register_all();
  for (const Action action : {Action::reserve, Action::release, Action::clear, Action::preempt,
                              Action::preempt_and_abort, Action::register_and_move}) {
    EXPECT_TRUE(conflicts({.action = action,
                           .nexus = alice,
                           .reservation_key = 0xb,
                           .service_action_reservation_key = 0xb,
                           .others = {bob}}));
    EXPECT_TRUE(conflicts({.action = action,
                           .nexus = nexus("stranger"),
                           .reservation_key = 0,
                           .service_action_reservation_key = 0xb,
                           .others = {bob}}));
  }
}

TEST_F(PersistentChangeTest, AReservationOfEachTypeIsTakenOnceAndRepeatedByItsHolderOnly) {
  for (const Type type : all_types) {
    state_ = {};
    register_all();
    const std::uint32_t generation = state_.generation;
    alice_reserves(type);
    alice_reserves(type);
    EXPECT_EQ(state_.generation, generation) << "RESERVE does not count";
    const PersistentReserveOutRequest by_bob{
        .action = Action::reserve, .nexus = bob, .type = type, .reservation_key = 0xb};
    EXPECT_EQ(conflicts(by_bob), !is_all_registrants(type));
    const Type another = type == Type::write_exclusive ? Type::exclusive_access : Type::write_exclusive;
    EXPECT_TRUE(conflicts({.action = Action::reserve, .nexus = alice, .type = another, .reservation_key = 0xa}));
  }
}

TEST_F(PersistentChangeTest, ReleaseTellsTheRegistrantsWhoReliedOnIt) {
  for (const Type type : all_types) {
    state_ = {};
    register_all();
    alice_reserves(type);
    const PersistentChange change =
        good({.action = Action::release, .nexus = alice, .type = type, .reservation_key = 0xa});
    EXPECT_FALSE(state_.reservation);
    EXPECT_THAT(told(change, refusal::reservations_released), SizeIs(admits_registrants(type) ? 2 : 0));
  }
}

TEST_F(PersistentChangeTest, ReleaseByAnotherOrOfAnotherTypeDoesNotRelease) {
  register_all();
  alice_reserves(Type::write_exclusive);
  good({.action = Action::release, .nexus = bob, .type = Type::write_exclusive, .reservation_key = 0xb});
  EXPECT_TRUE(state_.reservation);
  EXPECT_EQ(sense({.action = Action::release, .nexus = alice, .type = Type::exclusive_access, .reservation_key = 0xa}),
            refusal::invalid_release_of_persistent_reservation);
}

TEST_F(PersistentChangeTest, AHolderThatUnregistersGivesItsReservationUp) {
  for (const Type type : all_types) {
    state_ = {};
    register_all();
    alice_reserves(type);
    const PersistentChange change = good({.action = Action::register_key, .nexus = alice, .reservation_key = 0xa});
    EXPECT_EQ(state_.reservation.has_value(), is_all_registrants(type));
    const bool tells = admits_registrants(type) && !is_all_registrants(type);
    EXPECT_THAT(told(change, refusal::reservations_released), SizeIs(tells ? 2 : 0));
  }
}

TEST_F(PersistentChangeTest, AReservationOfAllRegistrantsEndsWithTheLastOfThem) {
  register_all();
  alice_reserves(Type::exclusive_access_all_registrants);
  good({.action = Action::register_key, .nexus = alice, .reservation_key = 0xa});
  good({.action = Action::register_key, .nexus = bob, .reservation_key = 0xb});
  EXPECT_TRUE(state_.reservation);
  good({.action = Action::register_key, .nexus = carol, .reservation_key = 0xc});
  EXPECT_FALSE(state_.reservation);
}

TEST_F(PersistentChangeTest, ClearTakesEverythingAndTellsTheOthers) {
  register_all();
  alice_reserves(Type::write_exclusive);
  const PersistentChange change = good({.action = Action::clear, .nexus = bob, .reservation_key = 0xb});
  EXPECT_THAT(state_.registrations, IsEmpty());
  EXPECT_FALSE(state_.reservation);
  EXPECT_THAT(told(change, refusal::reservations_preempted), testing::ElementsAre("alice", "carol"));
  EXPECT_EQ(state_.generation, 4u);
}

TEST_F(PersistentChangeTest, PreemptOfTheHolderTakesTheReservationOver) {
  register_all();
  alice_reserves(Type::write_exclusive_registrants_only);
  const PersistentChange change = good({.action = Action::preempt,
                                        .nexus = bob,
                                        .type = Type::exclusive_access,
                                        .reservation_key = 0xb,
                                        .service_action_reservation_key = 0xa});
  EXPECT_EQ(state_.find(alice), nullptr);
  ASSERT_TRUE(state_.reservation);
  EXPECT_EQ(state_.reservation->holder, bob);
  EXPECT_EQ(state_.reservation->type, Type::exclusive_access);
  EXPECT_THAT(told(change, refusal::registrations_preempted), testing::ElementsAre("alice"));
  EXPECT_THAT(told(change, refusal::reservations_released), testing::ElementsAre("carol")) << "the type changed";
  ASSERT_THAT(change.aborted, SizeIs(1));
  EXPECT_EQ(change.aborted[0].nexus, alice);
}

TEST_F(PersistentChangeTest, AHolderMayPreemptItselfToChangeTheType) {
  register_all();
  alice_reserves(Type::write_exclusive);
  const PersistentChange change = good({.action = Action::preempt,
                                        .nexus = alice,
                                        .type = Type::exclusive_access,
                                        .reservation_key = 0xa,
                                        .service_action_reservation_key = 0xa});
  EXPECT_EQ(key_of(alice), 0xau);
  EXPECT_EQ(state_.reservation->type, Type::exclusive_access);
  EXPECT_THAT(change.aborted, IsEmpty());
}

TEST_F(PersistentChangeTest, PreemptOfAnotherKeyTakesOnlyRegistrations) {
  register_all();
  alice_reserves(Type::write_exclusive);
  const PersistentChange change = good({.action = Action::preempt,
                                        .nexus = bob,
                                        .type = Type::exclusive_access,
                                        .reservation_key = 0xb,
                                        .service_action_reservation_key = 0xc});
  EXPECT_EQ(state_.find(carol), nullptr);
  EXPECT_EQ(state_.reservation->holder, alice);
  EXPECT_THAT(told(change, refusal::registrations_preempted), testing::ElementsAre("carol"));
}

TEST_F(PersistentChangeTest, PreemptOfAnUnknownKeyConflictsAndOfNoKeyIsRefused) {
  register_all();
  EXPECT_TRUE(conflicts(
      {.action = Action::preempt, .nexus = bob, .reservation_key = 0xb, .service_action_reservation_key = 0x99}));
  EXPECT_EQ(sense({.action = Action::preempt, .nexus = bob, .reservation_key = 0xb}),
            Sense::invalid_field_in_parameter_list(8));
  alice_reserves(Type::write_exclusive);
  EXPECT_EQ(sense({.action = Action::preempt, .nexus = bob, .reservation_key = 0xb}),
            Sense::invalid_field_in_parameter_list(8));
}

TEST_F(PersistentChangeTest, PreemptOfAllRegistrantsWithoutAKeyTakesAllOthers) {
  register_all();
  alice_reserves(Type::write_exclusive_all_registrants);
  const PersistentChange change =
      good({.action = Action::preempt, .nexus = bob, .type = Type::write_exclusive, .reservation_key = 0xb});
  EXPECT_THAT(state_.registrations, SizeIs(1));
  EXPECT_EQ(state_.reservation->holder, bob);
  EXPECT_THAT(told(change, refusal::registrations_preempted), testing::ElementsAre("alice", "carol"));
}

TEST_F(PersistentChangeTest, PreemptOfOneOfAllRegistrantsLeavesTheReservation) {
  register_all();
  alice_reserves(Type::write_exclusive_all_registrants);
  good({.action = Action::preempt, .nexus = bob, .reservation_key = 0xb, .service_action_reservation_key = 0xa});
  EXPECT_EQ(state_.reservation->type, Type::write_exclusive_all_registrants);
  EXPECT_THAT(state_.registrations, SizeIs(2));
}

TEST_F(PersistentChangeTest, TheHolderMovesItsReservation) {
  register_all();
  alice_reserves(Type::exclusive_access);
  const NexusIdentity dave = nexus("dave", 2);
  good({.action = Action::register_and_move,
        .nexus = alice,
        .reservation_key = 0xa,
        .service_action_reservation_key = 0xd,
        .unregister = true,
        .others = {dave}});
  EXPECT_EQ(key_of(dave), 0xdu);
  EXPECT_EQ(state_.reservation->holder, dave);
  EXPECT_EQ(state_.reservation->type, Type::exclusive_access);
  EXPECT_EQ(state_.find(alice), nullptr);
}

TEST_F(PersistentChangeTest, WhoDoesNotHoldItAloneMovesNothing) {
  register_all();
  const PersistentReserveOutRequest move{.action = Action::register_and_move,
                                         .nexus = bob,
                                         .reservation_key = 0xb,
                                         .service_action_reservation_key = 0xd,
                                         .others = {carol}};
  const auto without_reservation = sense(move);
  ASSERT_TRUE(without_reservation && without_reservation->field);
  EXPECT_EQ(*without_reservation, Sense::invalid_field_in_cdb());
  EXPECT_EQ(without_reservation->field->byte, 1) << "SERVICE ACTION";
  alice_reserves(Type::exclusive_access);
  EXPECT_TRUE(conflicts(move));
  good({.action = Action::release, .nexus = alice, .type = Type::exclusive_access, .reservation_key = 0xa});
  alice_reserves(Type::exclusive_access_all_registrants);
  EXPECT_TRUE(conflicts(move));
}

TEST_F(PersistentChangeTest, AMoveNeedsAKeyForTheDestination) {
  register_all();
  alice_reserves(Type::exclusive_access);
  EXPECT_EQ(sense({.action = Action::register_and_move, .nexus = alice, .reservation_key = 0xa, .others = {carol}}),
            Sense::invalid_field_in_parameter_list(8));
}

TEST_F(PersistentChangeTest, WhatIsStoredComesBackButForTheGeneration) {
  register_all();
  alice_reserves(Type::write_exclusive_registrants_only);
  state_.activate_persist_through_power_loss = true;
  PersistentState expected = state_;
  expected.generation = 0;
  EXPECT_EQ(decode_persistent_state(encode_persistent_state(state_)), expected);
  EXPECT_EQ(decode_persistent_state(encode_persistent_state({})), PersistentState{});
}

TEST_F(PersistentChangeTest, ADamagedStoreIsRefusedWhole) {
  register_all();
  alice_reserves(Type::write_exclusive);
  const std::vector<std::uint8_t> whole = encode_persistent_state(state_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_persistent_state(Bytes(whole).first(length)));
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::uint8_t> damaged = whole;
    damaged[at] ^= 0x10;
    EXPECT_FALSE(decode_persistent_state(damaged)) << "byte " << at;
  }
}

TEST_F(PersistentChangeTest, ARegistrationThroughAllPortsTakesThePlaceOfThoseThroughSingleOnes) {
  good({.action = Action::register_key, .nexus = nexus("alice", 2), .service_action_reservation_key = 0x2});
  good({.action = Action::reserve, .nexus = nexus("alice", 2), .type = Type::exclusive_access, .reservation_key = 0x2});
  good({.action = Action::register_key,
        .nexus = alice,
        .service_action_reservation_key = 0xa,
        .all_target_ports = true});
  ASSERT_THAT(state_.registrations, SizeIs(1));
  EXPECT_EQ(state_.find(nexus("alice", 2))->key, 0xau);
  EXPECT_TRUE(state_.holds(state_.registrations.front()));
}

}  // namespace
}  // namespace tgt
