// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/text.h"

#include <gtest/gtest.h>

#include <string>

namespace tgt {
namespace {

using namespace std::string_literals;

TextFault fault_of(std::string_view text) {
  const auto pairs = parse_text(text);
  EXPECT_FALSE(pairs.has_value());
  return pairs ? TextFault::bad_key : pairs.error();
}

TEST(Text, IsSplitIntoItsPairs) {
  const std::string text = "InitiatorName=iqn.a\0\0Empty=\0X=a=b\0"s;
  const auto pairs = parse_text(text);
  ASSERT_TRUE(pairs);
  ASSERT_EQ(pairs->size(), 3U);
  EXPECT_EQ((*pairs)[0].key, "InitiatorName");
  EXPECT_EQ((*pairs)[0].value, "iqn.a");
  EXPECT_EQ((*pairs)[1].value, "");
  EXPECT_EQ((*pairs)[2].value, "a=b");
}

TEST(Text, MayBeEmpty) {
  EXPECT_TRUE(parse_text("")->empty());
  EXPECT_TRUE(parse_text("\0\0"s)->empty());
}

TEST(Text, WithoutTerminatorIsRefused) { EXPECT_EQ(fault_of("Key=value"), TextFault::no_terminator); }
TEST(Text, WithoutEqualsSignIsRefused) { EXPECT_EQ(fault_of("Key\0"s), TextFault::no_equals_sign); }

TEST(Text, WithAKeyThatIsNoneIsRefused) {
  EXPECT_EQ(fault_of("=value\0"s), TextFault::bad_key);
  EXPECT_EQ(fault_of("a key=value\0"s), TextFault::bad_key);
  EXPECT_EQ(fault_of(std::string(64, 'k') + "=v\0"s), TextFault::bad_key);
  EXPECT_TRUE(parse_text(std::string(63, 'k') + "=v\0"s));
}

TEST(Text, WithAValueOver255BytesIsRefused) {
  EXPECT_EQ(fault_of("k=" + std::string(256, 'v') + '\0'), TextFault::value_too_long);
  EXPECT_TRUE(parse_text("k=" + std::string(255, 'v') + '\0'));
}

TEST(Text, WithTooManyPairsIsRefused) {
  std::string text;
  for (std::size_t i = 0; i < most_pairs; ++i) append_pair(text, "k", "v");
  EXPECT_TRUE(parse_text(text));
  append_pair(text, "k", "v");
  EXPECT_EQ(fault_of(text), TextFault::too_many_pairs);
}

TEST(IscsiName, HasAtMost223VisibleCharacters) {
  EXPECT_TRUE(is_iscsi_name("iqn.2026-01.example:a"));
  EXPECT_TRUE(is_iscsi_name(std::string(223, 'a')));
  EXPECT_FALSE(is_iscsi_name(std::string(224, 'a')));
  EXPECT_FALSE(is_iscsi_name(""));
  EXPECT_FALSE(is_iscsi_name("iqn a"));
  EXPECT_FALSE(is_iscsi_name("iqn\x7f"));
}

}  // namespace
}  // namespace tgt
