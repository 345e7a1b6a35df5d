// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/devices_in_use.h"

#include <gtest/gtest.h>

#include <optional>

namespace tgt {
namespace {

TEST(DevicesInUse, ADeviceIsTakenOnceByWhateverNameItIsFound) {
  DevicesInUse devices;
  const auto first = devices.take({"2:0:0:0", "naa.5000"}, "/dev/sda");
  ASSERT_TRUE(first.has_value());
  const auto by_address = devices.take({"2:0:0:0", ""}, "/dev/sg2");
  ASSERT_FALSE(by_address.has_value());
  EXPECT_EQ(by_address.error(), "/dev/sda");
  EXPECT_FALSE(devices.take({"3:0:0:0", "naa.5000"}, "/dev/sdb").has_value()) << "the other path to it";
  EXPECT_TRUE(devices.take({"3:0:0:1", "naa.5001"}, "/dev/sdc").has_value());
}

TEST(DevicesInUse, DevicesWithoutANameAreToldApartByTheirAddress) {
  DevicesInUse devices;
  const auto first = devices.take({"2:0:0:0", ""}, "/dev/sda");
  const auto second = devices.take({"2:0:0:1", ""}, "/dev/sdb");
  EXPECT_TRUE(first.has_value() && second.has_value());
}

TEST(DevicesInUse, WhatIsGivenBackCanBeTakenAgain) {
  DevicesInUse devices;
  std::optional<DevicesInUse::Hold> hold(std::move(*devices.take({"2:0:0:0", "naa.5000"}, "/dev/sda")));
  *hold = DevicesInUse::Hold();
  const auto again = devices.take({"2:0:0:0", "naa.5000"}, "/dev/sg0");
  EXPECT_TRUE(again.has_value());
  EXPECT_FALSE(devices.take({"naa.5000"}, "/dev/sdb").has_value()) << "a refusal takes nothing away";
}

}  // namespace
}  // namespace tgt
