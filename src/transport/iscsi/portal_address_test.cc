// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/portal_address.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

TEST(PortalAddress, ListensOnTheHistoricPortUnlessOneIsGiven) {
  EXPECT_EQ(PortalAddress::parse("192.0.2.1")->at.text(), "192.0.2.1:3260");
  EXPECT_EQ(PortalAddress::parse("[2001:db8::1]:13260")->at.text(), "[2001:db8::1]:13260");
  EXPECT_TRUE(PortalAddress::parse("192.0.2.1")->advertised.empty());
}

TEST(PortalAddress, MayAdvertiseAnotherAddress) {
  const auto portal = PortalAddress::parse("10.0.2.15:3260@127.0.0.1:13260");
  ASSERT_TRUE(portal.has_value());
  EXPECT_EQ(portal->at.text(), "10.0.2.15:3260");
  EXPECT_EQ(portal->advertised, "127.0.0.1:13260");
}

TEST(PortalAddress, MayBeOfAnotherPortalGroup) {
  EXPECT_EQ(PortalAddress::parse("192.0.2.1")->group_tag, 1);
  EXPECT_EQ(PortalAddress::parse("192.0.2.1:3261,2")->group_tag, 2);
  EXPECT_EQ(PortalAddress::parse("10.0.2.15@127.0.0.1,65535")->group_tag, 65535);
  for (const char* bad : {"192.0.2.1,", "192.0.2.1,0", "192.0.2.1,65536", "192.0.2.1,x"}) {
    EXPECT_FALSE(PortalAddress::parse(bad).has_value()) << bad;
  }
}

TEST(PortalAddress, WhatIsNoAddressIsRefused) {
  for (const char* bad : {"", "host.example:3260", "192.0.2.1:99999", "192.0.2.1@", "@192.0.2.1", "192.0.2.1@x"}) {
    EXPECT_FALSE(PortalAddress::parse(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace tgt
