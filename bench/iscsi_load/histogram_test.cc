// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/histogram.h"

#include <gtest/gtest.h>

namespace tgt::bench {
namespace {

TEST(Histogram, SaysZeroWhenNothingWasRecorded) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(Histogram, IsExactBelowSixtyFourNanoseconds) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 50; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(0.5), 25);
  EXPECT_EQ(histogram.percentile(0.02), 1);
  EXPECT_EQ(histogram.percentile(1), 50);
}

TEST(Histogram, FindsPercentilesOfLongDurationsToWithinTwoPercent) {
  Histogram histogram;
  for (std::uint64_t microsecond = 1; microsecond <= 10'000; ++microsecond) histogram.record(microsecond * 1000);
  EXPECT_NEAR(histogram.percentile(0.5), 5'000'000, 100'000);
  EXPECT_NEAR(histogram.percentile(0.99), 9'900'000, 198'000);
  EXPECT_NEAR(histogram.percentile(0.999), 9'990'000, 200'000);
  EXPECT_NEAR(histogram.mean(), 5'000'500, 1);
}

TEST(Histogram, SeesOneSlowCommandInAThousandOnlyBeyondThe99thPercentile) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.record(10'000);
  histogram.record(5'000'000);
  EXPECT_NEAR(histogram.percentile(0.99), 10'000, 200);
  EXPECT_NEAR(histogram.percentile(0.9995), 5'000'000, 100'000);
  EXPECT_EQ(histogram.longest(), 5'000'000U);
}

TEST(Histogram, NeverSaysMoreThanTheLongest) {
  Histogram histogram;
  histogram.record(1'000'001);
  EXPECT_LE(histogram.percentile(1), 1'000'001);
}

TEST(Histogram, KeepsDurationsBeyondItsLastBucket) {
  Histogram histogram;
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_GT(histogram.percentile(0.5), 3.6e12);
}

TEST(Histogram, MergesTheCountsOfTwoThreads) {
  Histogram one;
  Histogram other;
  for (int i = 0; i < 10; ++i) one.record(10);
  for (int i = 0; i < 30; ++i) other.record(40);
  one.merge(other);
  EXPECT_EQ(one.count(), 40U);
  EXPECT_EQ(one.percentile(0.25), 10);
  EXPECT_EQ(one.percentile(0.26), 40);
}

}  // namespace
}  // namespace tgt::bench
