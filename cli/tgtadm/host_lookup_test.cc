// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/host_lookup.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace tgt {
namespace {

class HostLookupTest : public testing::Test {
 protected:
  HostLookupTest() { std::filesystem::create_directories(sysfs / "bus/vio/devices/30000003/host12"); }
  ~HostLookupTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(sysfs, ignored);
  }

  std::filesystem::path sysfs =
      std::filesystem::temp_directory_path() / ("tgtadm_host_lookup_" + std::to_string(::getpid()));
};

TEST_F(HostLookupTest, ReadsTheNumberOfTheHostBelowTheDevice) {
  EXPECT_EQ(find_host_of_bus("vio,30000003", sysfs), 12u);
}

TEST_F(HostLookupTest, SaysWhatItCannotFind) {
  EXPECT_EQ(find_host_of_bus("pci,1", sysfs).error(), "can't find bus: pci");
  EXPECT_EQ(find_host_of_bus(",1", sysfs).error(), "can't find bus: ");
  EXPECT_EQ(find_host_of_bus("vio,1", sysfs).error(), "can't find host bus number: 1");
  EXPECT_EQ(find_host_of_bus("vio", sysfs).error(), "'vio' is not of the form bus,id");
}

}  // namespace
}  // namespace tgt
