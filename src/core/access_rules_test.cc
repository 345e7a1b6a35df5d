// SPDX-License-Identifier: Apache-2.0
#include "core/access_rules.h"

#include <gmock/gmock.h>

namespace tgt {
namespace {

bool admits(const AccessRules& rules, const char* address, const char* name = "iqn.2026-01.example:i") {
  return rules.admits(*Endpoint::parse(address, 3260), name);
}

TEST(AccessRules, WithoutAnyRuleNobodyIsAdmitted) {
  const AccessRules rules;
  EXPECT_FALSE(admits(rules, "192.0.2.1"));
  EXPECT_FALSE(rules.ever_changed());
}

TEST(AccessRules, AllAdmitsEverybody) {
  AccessRules rules;
  EXPECT_TRUE(rules.add_address("ALL"));
  EXPECT_FALSE(rules.add_address("ALL"));
  EXPECT_TRUE(admits(rules, "192.0.2.1"));
  EXPECT_TRUE(admits(rules, "[2001:db8::1]"));
  EXPECT_TRUE(rules.remove_address("ALL"));
  EXPECT_FALSE(rules.remove_address("ALL"));
  EXPECT_FALSE(admits(rules, "192.0.2.1"));
  EXPECT_TRUE(rules.ever_changed());
}

TEST(AccessRules, AnAddressAdmitsItselfOnly) {
  AccessRules rules;
  rules.add_address("192.0.2.1");
  EXPECT_TRUE(admits(rules, "192.0.2.1"));
  EXPECT_FALSE(admits(rules, "192.0.2.2"));
}

TEST(AccessRules, APrefixAdmitsItsNetwork) {
  AccessRules rules;
  rules.add_address("192.0.2.128/25");
  rules.add_address("[2001:db8::]/33");
  rules.add_address("fe80::/10");
  EXPECT_TRUE(admits(rules, "192.0.2.129"));
  EXPECT_FALSE(admits(rules, "192.0.2.127"));
  EXPECT_TRUE(admits(rules, "[2001:db8:7fff::1]"));
  EXPECT_FALSE(admits(rules, "[2001:db8:8000::1]"));
  EXPECT_TRUE(admits(rules, "[fe80::1]"));
}

TEST(AccessRules, PrefixesOfNoneAndOfAllBitsAreTaken) {
  AccessRules rules;
  rules.add_address("192.0.2.1/32");
  EXPECT_TRUE(admits(rules, "192.0.2.1"));
  EXPECT_FALSE(admits(rules, "192.0.2.0"));
  rules.add_address("0.0.0.0/0");
  EXPECT_TRUE(admits(rules, "198.51.100.7"));
  EXPECT_FALSE(admits(rules, "[2001:db8::1]"));
}

TEST(AccessRules, ANameAdmitsWhereNoAddressDoes) {
  AccessRules rules;
  rules.add_address("192.0.2.1");
  rules.add_name("iqn.2026-01.example:friend");
  EXPECT_TRUE(admits(rules, "198.51.100.7", "iqn.2026-01.example:friend"));
  EXPECT_FALSE(admits(rules, "198.51.100.7", "iqn.2026-01.example:friend2"));
  EXPECT_THAT(rules.list(), testing::ElementsAre("192.0.2.1", "iqn.2026-01.example:friend"));
  EXPECT_TRUE(rules.remove_name("iqn.2026-01.example:friend"));
  EXPECT_FALSE(rules.remove_name("iqn.2026-01.example:friend"));
}

TEST(AccessRules, TextThatIsNoAddressIsKeptAndMatchesNothing) {
  AccessRules rules;
  for (const char* text : {"host.example", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/x", "192.0.2.1:3260", "", "[::1"}) {
    rules.add_address(text);
  }
  EXPECT_FALSE(admits(rules, "192.0.2.1"));
  EXPECT_FALSE(admits(rules, "[::1]"));
  EXPECT_EQ(rules.list().size(), 7u);
}

}  // namespace
}  // namespace tgt
