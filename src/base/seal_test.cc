// SPDX-License-Identifier: Apache-2.0
#include "base/seal.h"

#include <gmock/gmock.h>

namespace tgt {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(SealTest, WhatWasSealedComesOutAgain) {
  const std::vector<std::uint8_t> content{1, 2, 3};
  const auto blob = seal("things 1\n", content);
  const auto opened = unseal("things 1\n", blob);
  ASSERT_TRUE(opened);
  EXPECT_THAT(*opened, ElementsAreArray(content));
  const auto nothing = seal("things 1\n", {});
  ASSERT_TRUE(unseal("things 1\n", nothing));
  EXPECT_THAT(*unseal("things 1\n", nothing), ElementsAre());
}

TEST(SealTest, NothingComesOutWhereAByteIsWrongOrMissingOrTooMuch) {
  const std::vector<std::uint8_t> content{1, 2, 3};
  const auto good = seal("things 1\n", content);
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= 0x10;
    EXPECT_FALSE(unseal("things 1\n", bad)) << at;
    EXPECT_FALSE(unseal("things 1\n", Bytes(good).first(at))) << at;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(unseal("things 1\n", longer));
}

TEST(SealTest, WhatIsSomethingElseIsNotTaken) {
  const auto blob = seal("things 1\n", {});
  EXPECT_FALSE(unseal("things 2\n", blob));
  EXPECT_FALSE(unseal("things 1\nand more", blob));
}

}  // namespace
}  // namespace tgt
