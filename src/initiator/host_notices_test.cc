// SPDX-License-Identifier: Apache-2.0
#include "initiator/host_notices.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

Uevent event(std::vector<std::pair<std::string, std::string>> more) {
  Uevent made{.values = {{"ACTION", "change"},
                         {"DEVPATH", "/devices/pci0000:00/host3/target3:0:1/3:0:1:2"},
                         {"SUBSYSTEM", "scsi"}}};
  made.values.insert(made.values.end(), more.begin(), more.end());
  return made;
}

TEST(HostNotices, AResetOfTheDeviceIsOne) {
  EXPECT_EQ(HostNotices::of(event({{"SDEV_UA", "POWER_ON_RESET_OCCURRED"}}), "3:0:1:2"), HostNotice::power_on_or_reset);
  EXPECT_EQ(HostNotices::of(event({{"SDEV_UA", "CAPACITY_DATA_HAS_CHANGED"}}), "3:0:1:2"),
            HostNotice::capacity_changed);
  EXPECT_EQ(HostNotices::of(event({{"SDEV_UA", "MODE_PARAMETERS_CHANGED"}}), "3:0:1:2"),
            HostNotice::mode_parameters_changed);
  EXPECT_EQ(HostNotices::of(event({{"SDEV_UA", "INQUIRY_DATA_HAS_CHANGED"}}), "3:0:1:2"),
            HostNotice::inquiry_data_changed);
  EXPECT_EQ(HostNotices::of(event({{"SDEV_MEDIA_CHANGE", "1"}}), "3:0:1:2"), HostNotice::medium_changed);
}

TEST(HostNotices, LostEventsMayHaveBeenOfAnyDevice) {
  EXPECT_EQ(HostNotices::of(Uevent{.values = {}, .lost_some = true}, "3:0:1:2"), HostNotice::some_lost);
}

TEST(HostNotices, OtherDevicesAndOtherEventsAreNone) {
  const auto reset = event({{"SDEV_UA", "POWER_ON_RESET_OCCURRED"}});
  EXPECT_FALSE(HostNotices::of(reset, "3:0:1:1").has_value());
  EXPECT_FALSE(HostNotices::of(reset, "0:1:2").has_value());
  EXPECT_FALSE(HostNotices::of(reset, "13:0:1:2").has_value());
  EXPECT_FALSE(HostNotices::of(event({}), "3:0:1:2").has_value());
  EXPECT_FALSE(HostNotices::of(event({{"SDEV_UA", "SOMETHING_NEW"}}), "3:0:1:2").has_value());
  EXPECT_FALSE(HostNotices::of(Uevent{}, "3:0:1:2").has_value());
}

}  // namespace
}  // namespace tgt
