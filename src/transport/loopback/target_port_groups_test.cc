// SPDX-License-Identifier: Apache-2.0
#include "core/target_port_groups.h"

#include <gmock/gmock.h>

#include <thread>

#include "core/refusals.h"
#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

using State = AsymmetricAccessState;
using testing::ElementsAre;
using testing::ElementsAreArray;
constexpr Lun lun{0};

Cdb report(std::uint8_t format = 0) {
  return cdb_of({0xa3, static_cast<std::uint8_t>(format << 5 | 0x0a), 0, 0, 0, 0, 0, 0, 1, 0, 0, 0});
}
Cdb set(std::size_t length) {
  return cdb_of({0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(length), 0, 0});
}

// A target with two ports; alice comes through the first one, bob through the second.
class TargetPortGroupsTest : public testing::Test {
 protected:
  TargetPortGroupsTest() {
    world_.add_unit(lun);
    world_.target->set_ports({1, 2});
    alice_ = log_in(0, 1);
    bob_ = log_in(1, 2);
  }
  LoopbackInitiator* log_in(unsigned shard, std::uint16_t port) {
    LoopbackInitiator& initiator = world_.add_initiator_only(shard);
    Nexus::Properties properties = world_.properties_for("");
    properties.relative_target_port = port;
    const auto logged_in = start(initiator.login(properties));
    world_.settle();
    EXPECT_TRUE(*logged_in && **logged_in);
    world_.clear_attentions(initiator, lun);
    return &initiator;
  }
  void make_two_groups() {
    EXPECT_TRUE(world_.target->put_port_group({.id = 1, .preferred = true, .ports = {1}}));
    EXPECT_TRUE(world_.target->put_port_group({.id = 2, .state = State::active_non_optimized, .ports = {2}}));
    for (LoopbackInitiator* one : {alice_, bob_}) world_.clear_attentions(*one, lun);
  }
  // Puts bob's port into a state, and takes the unit attention that he gets.
  void put_bob(State state) {
    EXPECT_TRUE(world_.target->put_port_group({.id = 2, .state = state, .ports = {2}}));
    run(*bob_, request_sense());
    run(*alice_, test_unit_ready());
  }
  LoopbackReply run(LoopbackInitiator& initiator, const Cdb& cdb, std::vector<std::uint8_t> data_out = {}) {
    const std::uint32_t expected = data_out.empty() ? 255 : 0;
    return world_.run(initiator, {.cdb = cdb, .expected_data_in = expected, .data_out = std::move(data_out)});
  }
  std::optional<Sense> sense(LoopbackInitiator& initiator, const Cdb& cdb, std::vector<std::uint8_t> data_out = {}) {
    return run(initiator, cdb, std::move(data_out)).sense;
  }

  CoreWorld world_;
  LoopbackInitiator* alice_ = nullptr;
  LoopbackInitiator* bob_ = nullptr;
};

TEST_F(TargetPortGroupsTest, WithoutGroupsAllPortsAreOneActiveGroup) {
  EXPECT_THAT(run(*bob_, report()).data,
              ElementsAre(0, 0, 0, 16, 0x00, 0xcf, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2));
}

// A portal goes; sessions that came through it stay.
TEST_F(TargetPortGroupsTest, APortWhosePortalsAreGoneIsReportedOnlyToWhoStillUsesIt) {
  make_two_groups();
  world_.target->set_ports({1});
  EXPECT_THAT(run(*alice_, report()).data, ElementsAre(0, 0, 0, 12, 0x80, 0xcf, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1));
  EXPECT_THAT(run(*bob_, report()).data, testing::SizeIs(28));
  EXPECT_TRUE(world_.target->put_port_group({.id = 2, .state = State::standby, .ports = {2}})) << "it has it already";
  EXPECT_FALSE(world_.target->put_port_group({.id = 1, .ports = {1, 2}}));
  EXPECT_FALSE(world_.target->put_port_group({.id = 2, .ports = {2, 3}}));
}

TEST_F(TargetPortGroupsTest, ReportsEveryGroupThroughEveryPort) {
  make_two_groups();
  const std::vector<std::uint8_t> groups{0x80, 0xcf, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1,  //
                                         0x01, 0xcf, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  std::vector<std::uint8_t> expected{0, 0, 0, 24};
  expected.insert(expected.end(), groups.begin(), groups.end());
  for (LoopbackInitiator* one : {alice_, bob_}) EXPECT_THAT(run(*one, report()).data, ElementsAreArray(expected));
  std::vector<std::uint8_t> extended{0, 0, 0, 28, 0x10, 0, 0, 0};
  extended.insert(extended.end(), groups.begin(), groups.end());
  EXPECT_THAT(run(*alice_, report(1)).data, ElementsAreArray(extended));
  EXPECT_EQ(sense(*alice_, report(2)), Sense::invalid_field_in_cdb());
}

TEST_F(TargetPortGroupsTest, APortInStandbyAnswersQuestionsAndServesNoData) {
  make_two_groups();
  put_bob(State::standby);
  EXPECT_EQ(sense(*bob_, read_10()), refusal::target_port_in_standby_state);
  EXPECT_EQ(sense(*bob_, test_unit_ready()), refusal::target_port_in_standby_state);
  EXPECT_EQ(run(*bob_, inquiry()).status, Status::good);
  EXPECT_EQ(run(*bob_, report()).status, Status::good);
  EXPECT_EQ(run(*bob_, cdb_of({0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0})).status, Status::good) << "reservations";
  EXPECT_EQ(run(*alice_, read_10()).status, Status::good);
  put_bob(State::active_optimized);
  EXPECT_EQ(run(*bob_, read_10()).status, Status::good);
  EXPECT_EQ(bob_->nexus().itl(lun)->armed(), 0u);
}

TEST_F(TargetPortGroupsTest, StandbyLetsAnInitiatorLearnTheSizeAndTryTheWay) {
  const auto is_served = [](const Cdb& cdb) { return !asymmetric_access_refusal(State::standby, cdb); };
  const Cdb read_capacity_10 = cdb_of({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const Cdb read_capacity_16 = cdb_of({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0});
  const Cdb get_lba_status = cdb_of({0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0});
  EXPECT_TRUE(is_served(read_capacity_10));
  EXPECT_TRUE(is_served(read_capacity_16));
  EXPECT_FALSE(is_served(get_lba_status));
  EXPECT_FALSE(asymmetric_access_refusal(State::active_non_optimized, get_lba_status));
  EXPECT_TRUE(asymmetric_access_refusal(State::unavailable, read_capacity_16));
  for (const std::uint8_t operation_code : {std::uint8_t{0x3b}, std::uint8_t{0x3c}}) {
    EXPECT_TRUE(is_served(cdb_of({operation_code, 0x0a, 0, 0, 0, 0, 0, 0, 4, 0}))) << "echo buffer";
    EXPECT_FALSE(is_served(cdb_of({operation_code, 0x02, 0, 0, 0, 0, 0, 0, 4, 0}))) << "data";
  }
  EXPECT_TRUE(is_served(cdb_of({0x3c, 0x0b, 0, 0, 0, 0, 0, 0, 4, 0}))) << "echo buffer descriptor";
}

TEST_F(TargetPortGroupsTest, OtherStatesServeLess) {
  make_two_groups();
  put_bob(State::unavailable);
  EXPECT_EQ(sense(*bob_, read_10()), refusal::target_port_in_unavailable_state);
  EXPECT_EQ(sense(*bob_, cdb_of({0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0})), refusal::target_port_in_unavailable_state);
  EXPECT_EQ(run(*bob_, report_luns()).status, Status::good);
  put_bob(State::transitioning);
  EXPECT_EQ(sense(*bob_, read_10()), refusal::asymmetric_access_state_transition);
  put_bob(State::offline);
  EXPECT_EQ(sense(*bob_, read_10()), refusal::logical_unit_offline);
  EXPECT_EQ(run(*bob_, inquiry()).status, Status::good);
}

TEST_F(TargetPortGroupsTest, WhoComesLaterMeetsTheStateThatThereIs) {
  make_two_groups();
  put_bob(State::standby);
  LoopbackInitiator& carol = world_.add_initiator_only(0);
  Nexus::Properties properties = world_.properties_for("");
  properties.relative_target_port = 2;
  const auto logged_in = start(carol.login(properties));
  world_.settle();
  EXPECT_EQ(sense(carol, test_unit_ready()), Sense::power_on_or_reset());
  EXPECT_EQ(sense(carol, test_unit_ready()), refusal::target_port_in_standby_state);
}

TEST_F(TargetPortGroupsTest, AChangeIsAUnitAttentionForEverybody) {
  make_two_groups();
  EXPECT_TRUE(world_.target->put_port_group({.id = 1, .state = State::standby, .ports = {1}}));
  EXPECT_EQ(sense(*alice_, test_unit_ready()), refusal::asymmetric_access_state_changed);
  EXPECT_EQ(sense(*bob_, test_unit_ready()), refusal::asymmetric_access_state_changed);
  EXPECT_EQ(run(*bob_, test_unit_ready()).status, Status::good);
}

TEST_F(TargetPortGroupsTest, AnInitiatorSetsStatesAndTheOthersAreTold) {
  make_two_groups();
  EXPECT_EQ(run(*alice_, set(12), {0, 0, 0, 0, 0x02, 0, 0, 1, 0x00, 0, 0, 2}).status, Status::good);
  EXPECT_EQ(sense(*alice_, test_unit_ready()), refusal::target_port_in_standby_state) << "no news for the sender";
  EXPECT_EQ(sense(*bob_, test_unit_ready()), refusal::asymmetric_access_state_changed);
  EXPECT_EQ(run(*bob_, read_10()).status, Status::good);
  const std::vector<std::uint8_t> data = run(*bob_, report()).data;
  EXPECT_EQ(data[4] & 0x0f, 2);
  EXPECT_EQ(data[9], 1) << "STATUS CODE: by SET TARGET PORT GROUPS";
  EXPECT_EQ(run(*alice_, set(8), {0, 0, 0, 0, 0x00, 0, 0, 1}).status, Status::good) << "in standby, too";
}

TEST_F(TargetPortGroupsTest, AWrongListChangesNothing) {
  make_two_groups();
  const auto expect_field = [&](std::vector<std::uint8_t> list, std::uint16_t byte) {
    const std::size_t length = list.size();
    const auto refused = sense(*alice_, set(length), std::move(list));
    ASSERT_TRUE(refused && refused->field);
    EXPECT_EQ(*refused, Sense::invalid_field_in_parameter_list(byte));
    EXPECT_EQ(refused->field->byte, byte);
  };
  expect_field({0, 0, 0, 0, 0x02, 0, 0, 1, 0x02, 0, 0, 9}, 10);
  expect_field({0, 0, 0, 0, 0x02, 0, 0, 1, 0x0f, 0, 0, 2}, 8);
  EXPECT_EQ(sense(*alice_, set(10), std::vector<std::uint8_t>(10)), Sense::parameter_list_length_error());
  EXPECT_EQ(sense(*alice_, set(8), std::vector<std::uint8_t>(4)), Sense::parameter_list_length_error());
  EXPECT_EQ(run(*alice_, set(0)).status, Status::good);
  EXPECT_EQ(run(*alice_, read_10()).status, Status::good);
  EXPECT_EQ(run(*bob_, read_10()).status, Status::good);
}

TEST_F(TargetPortGroupsTest, WithoutGroupsThereIsNothingToSet) {
  EXPECT_EQ(sense(*alice_, set(8), {0, 0, 0, 0, 0x02, 0, 0, 1}), Sense::invalid_field_in_cdb());
}

TEST_F(TargetPortGroupsTest, APortIsInOneGroupAndOneOfTheTargets) {
  make_two_groups();
  EXPECT_FALSE(world_.target->put_port_group({.id = 3, .ports = {2}}));
  EXPECT_FALSE(world_.target->put_port_group({.id = 3, .ports = {7}}));
  EXPECT_FALSE(world_.target->remove_port_group(3));
  EXPECT_TRUE(world_.target->remove_port_group(2));
  EXPECT_TRUE(world_.target->put_port_group({.id = 3, .ports = {2}}));
}

// Two management commands, or one and SET TARGET PORT GROUPS of an initiator, on shards of their own.
TEST_F(TargetPortGroupsTest, OfTwoChangesAtOnceTheOneThatLastsIsEnforced) {
  constexpr std::uint32_t units = 64;
  for (std::uint32_t number = 1; number < units; ++number) {
    world_.add_unit(Lun{number});
    world_.clear_attentions(*bob_, Lun{number});
  }
  make_two_groups();
  const auto put = [this](State state) { world_.target->put_port_group({.id = 2, .state = state, .ports = {2}}); };
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::jthread> changes;  // more than two, so that they wait for one another
    for (int i = 0; i < 6; ++i) {
      changes.emplace_back([&put, i] { put(i % 2 == 0 ? State::standby : State::active_optimized); });
    }
    changes.clear();
    const bool serves = serves_everything(world_.target->port_groups().state_of(2));
    for (std::uint32_t number = 0; number < units; ++number) {
      const bool armed = (bob_->nexus().itl(Lun{number})->armed() & ItlNexus::asymmetric_access) != 0;
      ASSERT_EQ(armed, !serves) << "round " << round << ", LUN " << number;
    }
  }
}

TEST_F(TargetPortGroupsTest, TheLastGroupThatGoesBringsFullAccessBack) {
  EXPECT_TRUE(world_.target->put_port_group({.id = 5, .state = State::unavailable, .ports = {1, 2}}));
  run(*alice_, request_sense());
  EXPECT_EQ(sense(*alice_, read_10()), refusal::target_port_in_unavailable_state);
  EXPECT_TRUE(world_.target->remove_port_group(5));
  EXPECT_EQ(sense(*alice_, read_10()), refusal::asymmetric_access_state_changed);
  EXPECT_EQ(run(*alice_, read_10()).status, Status::good);
}

}  // namespace
}  // namespace tgt
