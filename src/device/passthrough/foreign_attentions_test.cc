// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/foreign_attentions.h"

#include <gtest/gtest.h>

#include "reactor/simulated_reactor.h"

namespace tgt {
namespace {

class ForeignAttentionsTest : public testing::Test {
 protected:
  SimulatedReactor reactor_;
  HostNotices notices_{reactor_.shard(), "0:0:0:0", Log::silent()};
  TimePoint begin_{std::chrono::hours(2)};
  ForeignAttentions attentions_{&notices_, begin_};
};

TEST_F(ForeignAttentionsTest, AResetThatNobodyOfUsMetIsToldOnce) {
  const TimePoint when = begin_ + 10s;
  notices_.note(HostNotice::power_on_or_reset, when);
  EXPECT_TRUE(attentions_.pending());
  EXPECT_EQ(attentions_.take(when + 1s)->condition, Sense::power_on_or_reset());
  EXPECT_FALSE(attentions_.take(when + 1s).has_value());
  EXPECT_FALSE(attentions_.pending());
}

TEST_F(ForeignAttentionsTest, UntilItCanSayWhoseANoticeIsItTellsHowLongThatTakes) {
  const TimePoint when = begin_ + 10s;
  EXPECT_FALSE(attentions_.undecided_until(when).has_value());
  notices_.note(HostNotice::power_on_or_reset, when);
  const auto until = attentions_.undecided_until(when + 10ms);
  ASSERT_TRUE(until.has_value());
  EXPECT_GT(*until, when + 10ms);
  EXPECT_FALSE(attentions_.take(*until - 1ms).has_value());
  EXPECT_FALSE(attentions_.undecided_until(*until).has_value());
  EXPECT_TRUE(attentions_.take(*until).has_value());
}

TEST_F(ForeignAttentionsTest, LostNoticesMayHaveBeenOfAReset) {
  notices_.note(HostNotice::some_lost, begin_ + 10s);
  const auto told = attentions_.take(begin_ + 11s);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->condition, Sense::power_on_or_reset());
  EXPECT_FALSE(told->is_certain);
  EXPECT_FALSE(attentions_.take(begin_ + 11s).has_value());
}

TEST_F(ForeignAttentionsTest, WhatOurOwnCommandBroughtIsNotToldAgain) {
  const TimePoint when = begin_ + 10s;
  notices_.note(HostNotice::power_on_or_reset, when);
  EXPECT_FALSE(attentions_.take(when + 10ms).has_value());  // our command's answer may still be under way
  attentions_.met(Sense::bus_device_reset(), when + 20ms);
  EXPECT_FALSE(attentions_.take(when + 1s).has_value());
  EXPECT_FALSE(attentions_.pending());
}

TEST_F(ForeignAttentionsTest, ALaterOneOfOursDoesNotMakeAnEarlierOneForeign) {
  attentions_.met(Sense::power_on_or_reset(), begin_ + 10s);
  notices_.note(HostNotice::power_on_or_reset, begin_ + 10s + 50ms);
  attentions_.met(Sense::power_on_or_reset(), begin_ + 15s);
  EXPECT_FALSE(attentions_.take(begin_ + 16s).has_value());
}

TEST_F(ForeignAttentionsTest, WhatIsToldDuringAResetOfOursBelongsToIt) {
  notices_.note(HostNotice::power_on_or_reset, begin_ + 11s);
  attentions_.met(Sense::power_on_or_reset(), begin_ + 10s, begin_ + 25s);
  EXPECT_FALSE(attentions_.take(begin_ + 26s).has_value());
}

TEST_F(ForeignAttentionsTest, OneOfOursLongAgoDoesNotHideAForeignOne) {
  attentions_.met(Sense::power_on_or_reset(), begin_ + 10s);
  notices_.note(HostNotice::power_on_or_reset, begin_ + 60s);
  EXPECT_EQ(attentions_.take(begin_ + 61s)->condition, Sense::power_on_or_reset());
}

TEST_F(ForeignAttentionsTest, DifferentKindsAreToldOneByOne) {
  notices_.note(HostNotice::medium_changed, begin_ + 10s);
  notices_.note(HostNotice::capacity_changed, begin_ + 10s);
  EXPECT_EQ(attentions_.take(begin_ + 11s)->condition, Sense::medium_may_have_changed());
  EXPECT_EQ(attentions_.take(begin_ + 11s)->condition, Sense::capacity_data_changed());
  EXPECT_FALSE(attentions_.take(begin_ + 11s).has_value());
}

TEST_F(ForeignAttentionsTest, WhatACommandOfNobodysMetIsToldOnceAndAtOnce) {
  attentions_.owe(Sense::medium_may_have_changed());
  attentions_.owe(Sense::power_on_or_reset());
  attentions_.owe(Sense::medium_may_have_changed());
  EXPECT_TRUE(attentions_.pending());
  EXPECT_FALSE(attentions_.undecided_until(begin_).has_value());
  EXPECT_EQ(attentions_.take(begin_)->condition, Sense::medium_may_have_changed());
  EXPECT_EQ(attentions_.take(begin_)->condition, Sense::power_on_or_reset());
  EXPECT_FALSE(attentions_.pending());
}

TEST_F(ForeignAttentionsTest, WhatHappenedBeforeTheDeviceWasOpenedIsOver) {
  notices_.note(HostNotice::power_on_or_reset, begin_ + 1s);
  EXPECT_FALSE(attentions_.take(begin_ + 5s).has_value());
  ForeignAttentions none(nullptr, begin_);
  EXPECT_FALSE(none.pending());
  EXPECT_FALSE(none.take(begin_).has_value());
}

}  // namespace
}  // namespace tgt
