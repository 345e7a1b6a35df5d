// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

TEST(Text, TakesBytesAndPowersOf1024) {
  EXPECT_EQ(parse_size("67108864"), 67108864u);
  EXPECT_EQ(parse_size("64M"), 64u << 20);
  EXPECT_EQ(parse_size("2t"), 2ull << 40);
}

TEST(Text, WhatIsNoSizeOrTooLargeIsRefused) {
  for (const char* bad : {"", "M", "1.5G", "12X", "1GB", "-1", "99999999999999999999", "99999999T"}) {
    EXPECT_FALSE(parse_size(bad).has_value()) << bad;
  }
}

TEST(Text, AnOptionIsFoundByItsWholeName) {
  EXPECT_EQ(find_option("size=1G;a=b", "size"), "1G");
  EXPECT_EQ(find_option("maxsize=2;size=", "size"), "");
  EXPECT_FALSE(find_option("maxsize=2", "size").has_value());
  EXPECT_FALSE(find_option("", "size").has_value());
}

TEST(Text, SplitsAtEverySeparator) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_TRUE(split("", ',').empty());
}

TEST(Text, ANumberIsDigitsAndNothingElse) {
  EXPECT_EQ(parse_decimal("3260"), 3260u);
  for (const char* bad : {"", "-1", "1x", " 1", "99999999999"}) EXPECT_FALSE(parse_decimal(bad).has_value()) << bad;
}

}  // namespace
}  // namespace tgt
