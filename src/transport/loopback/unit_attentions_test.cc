// SPDX-License-Identifier: Apache-2.0
#include "core/unit_attentions.h"

#include <gmock/gmock.h>

#include "core/logical_unit.h"
#include "transport/loopback/core_world.h"

namespace tgt {
namespace {

constexpr Lun lun{0};

class UnitAttentionsTest : public testing::Test {
 protected:
  UnitAttentionsTest() {
    for (LoopbackInitiator* initiator : {&alice_, &bob_}) world_.clear_attentions(*initiator, lun);
  }
  std::vector<Sense> take_all(LoopbackInitiator& initiator) {
    std::vector<Sense> all;
    ItlNexus& itl = *initiator.nexus().itl(lun);
    while (auto next = attentions().take(itl)) all.push_back(*next);
    EXPECT_EQ(itl.armed(), 0u);
    return all;
  }
  UnitAttentions& attentions() { return alice_.nexus().itl(lun)->unit().unit_attentions(); }

  CoreWorld world_;
  FakeDevice& device_ = world_.add_unit(lun);
  LoopbackInitiator& alice_ = world_.add_initiator(0);
  LoopbackInitiator& bob_ = world_.add_initiator(1);
};

TEST_F(UnitAttentionsTest, EveryNexusButTheOneThatCausedItIsTold) {
  attentions().establish(Sense::mode_parameters_changed(), alice_.nexus().itl(lun));
  EXPECT_THAT(take_all(alice_), testing::IsEmpty());
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::mode_parameters_changed()));
}

TEST_F(UnitAttentionsTest, TheyAreReportedInTheOrderOfTheirComingEachOnce) {
  attentions().establish(Sense::mode_parameters_changed());
  attentions().establish(Sense::capacity_data_changed());
  attentions().establish(Sense::mode_parameters_changed());
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::mode_parameters_changed(), Sense::capacity_data_changed()));
}

TEST_F(UnitAttentionsTest, TooManyBecomeOneResetCondition) {
  for (std::uint8_t qualifier = 0; qualifier < UnitAttentions::longest_queue; ++qualifier) {
    attentions().establish(Sense::of(SenseKey::unit_attention, 0x3f, qualifier));
  }
  EXPECT_EQ(take_all(alice_).size(), UnitAttentions::longest_queue);
  attentions().establish(Sense::of(SenseKey::unit_attention, 0x2a, 0x01));
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::power_on_or_reset()));
}

TEST_F(UnitAttentionsTest, AResetDropsWhatItSupersedesAndTheGreaterResetStands) {
  attentions().establish(Sense::mode_parameters_changed());
  attentions().establish(Sense::power_on());
  attentions().establish(Sense::bus_device_reset());
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::power_on()));
  attentions().establish(Sense::i_t_nexus_loss());
  attentions().establish(Sense::bus_device_reset());
  attentions().establish(Sense::capacity_data_changed());
  EXPECT_THAT(take_all(alice_).back(), Sense::capacity_data_changed());
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::bus_device_reset(), Sense::capacity_data_changed()));
}

TEST_F(UnitAttentionsTest, WhatIsTakenBackIsNotReported) {
  attentions().establish(Sense::reported_luns_data_changed());
  attentions().clear(*alice_.nexus().itl(lun), Sense::reported_luns_data_changed());
  EXPECT_THAT(take_all(alice_), testing::IsEmpty());
  EXPECT_THAT(take_all(bob_), testing::ElementsAre(Sense::reported_luns_data_changed()));
}

}  // namespace
}  // namespace tgt
