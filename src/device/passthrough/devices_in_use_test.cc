// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/devices_in_use.h"

#include <gtest/gtest.h>

#include <optional>

namespace tgt {
namespace {

TEST(DevicesInUse, ADeviceIsTakenOnceByWhateverNameItIsFound) {
  DevicesInUse devices;
  auto first = devices.take("2:0:0:0", "/dev/sda");
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->take_too("naa.5000").has_value());
  const auto by_address = devices.take("2:0:0:0", "/dev/sg2");
  ASSERT_FALSE(by_address.has_value());
  EXPECT_EQ(by_address.error(), "/dev/sda");
  auto other_path = devices.take("3:0:0:0", "/dev/sdb");
  ASSERT_TRUE(other_path.has_value()) << "nobody knows yet that it is the same device";
  const auto same = other_path->take_too("naa.5000");
  ASSERT_FALSE(same.has_value());
  EXPECT_EQ(same.error(), "/dev/sda");
  auto another = devices.take("3:0:0:1", "/dev/sdc");
  EXPECT_TRUE(another && another->take_too("naa.5001"));
}

TEST(DevicesInUse, WhatIsGivenBackCanBeTakenAgainByAllItsNames) {
  DevicesInUse devices;
  {
    auto hold = devices.take("2:0:0:0", "/dev/sda");
    ASSERT_TRUE(hold && hold->take_too("naa.5000"));
    auto refused = devices.take("3:0:0:0", "/dev/sdb");
    EXPECT_FALSE(refused->take_too("naa.5000").has_value());
  }
  auto again = devices.take("2:0:0:0", "/dev/sg0");
  EXPECT_TRUE(again && again->take_too("naa.5000"));
  EXPECT_TRUE(devices.take("3:0:0:0", "/dev/sdb").has_value()) << "a refused one holds nothing";
}

TEST(DevicesInUse, ARefusalTakesNothingAway) {
  DevicesInUse devices;
  auto hold = devices.take("2:0:0:0", "/dev/sda");
  ASSERT_TRUE(hold && hold->take_too("naa.5000"));
  for (int i = 0; i < 2; ++i) {
    auto other = devices.take("3:0:0:0", "/dev/sdb");
    ASSERT_TRUE(other.has_value());
    EXPECT_FALSE(other->take_too("naa.5000").has_value());
  }
}

}  // namespace
}  // namespace tgt
