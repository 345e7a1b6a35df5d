// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/password_places.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

using Parts = std::vector<ArgumentPart>;
using Arguments = std::vector<std::string>;

TEST(PasswordPlaces, FindsAPasswordInEverySpelling) {
  EXPECT_EQ(find_passwords(Arguments{"-u", "a", "-p", "secret"}), (Parts{{3, 0, 6}}));
  EXPECT_EQ(find_passwords(Arguments{"-psecret"}), (Parts{{0, 2, 6}}));
  EXPECT_EQ(find_passwords(Arguments{"--password=secret", "-u", "a"}), (Parts{{0, 11, 6}}));
  EXPECT_EQ(find_passwords(Arguments{"--pass", "secret"}), (Parts{{1, 0, 6}}));
}

TEST(PasswordPlaces, FindsTheOneInParams) {
  EXPECT_EQ(find_passwords(Arguments{"--params", "IncomingUser=u,Password=secret"}), (Parts{{1, 24, 6}}));
}

TEST(PasswordPlaces, FindsAllOfThemAndNothingElse) {
  EXPECT_EQ(find_passwords(Arguments{"-p", "one", "--op", "new", "-p", "two"}), (Parts{{1, 0, 3}, {5, 0, 3}}));
  EXPECT_EQ(find_passwords(Arguments{"--op", "show", "--params", "a=b", "-p", ""}), Parts{});
}

}  // namespace
}  // namespace tgt
