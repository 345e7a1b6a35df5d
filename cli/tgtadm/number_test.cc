// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/number.h"

#include <gtest/gtest.h>

#include <optional>

namespace tgt {
namespace {

constexpr std::uint64_t any = ~std::uint64_t{0};

std::optional<NumberFault> fault_of(std::string_view text, std::uint64_t greatest) {
  const auto number = parse_number(text, greatest);
  return number ? std::nullopt : std::optional(number.error());
}

TEST(Number, IsDecimalHexadecimalOrOctal) {
  EXPECT_EQ(parse_number("16", any), 16u);
  EXPECT_EQ(parse_number("0x10", any), 16u);
  EXPECT_EQ(parse_number("0X1f", any), 31u);
  EXPECT_EQ(parse_number("020", any), 16u);
  EXPECT_EQ(parse_number("0", any), 0u);
}

TEST(Number, IgnoresLeadingBlanksAndWhateverFollowsTheDigits) {
  EXPECT_EQ(parse_number(" 5", any), 5u);
  EXPECT_EQ(parse_number("1:", any), 1u);
  EXPECT_EQ(parse_number("1abc", any), 1u);
  EXPECT_EQ(parse_number("0x", any), 0u);
  EXPECT_EQ(parse_number("08", any), 0u);
  EXPECT_EQ(parse_number("+7", any), 7u);
}

TEST(Number, IsInvalidWithoutDigits) {
  for (const char* text : {"", " ", "abc", "-", "+", ":1"}) {
    EXPECT_EQ(fault_of(text, any), NumberFault::invalid) << text;
  }
}

TEST(Number, IsInvalidWhenItDoesNotFitOrMeansNotGiven) {
  for (const char* text : {"18446744073709551615", "18446744073709551616", "-1", "99999999999999999999999"}) {
    EXPECT_EQ(fault_of(text, any), NumberFault::invalid) << text;
  }
  EXPECT_EQ(parse_number("18446744073709551614", any), 18446744073709551614u);
}

TEST(Number, IsOutOfRangeAboveTheGreatest) {
  EXPECT_EQ(parse_number("65535", 65535), 65535u);
  EXPECT_EQ(fault_of("65536", 65535), NumberFault::out_of_range);
}

}  // namespace
}  // namespace tgt
