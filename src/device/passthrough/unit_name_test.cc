// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/unit_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;

Data page(const std::vector<Data>& designators) {
  Data whole{0, 0x83, 0, 0};
  for (const Data& one : designators) whole.insert(whole.end(), one.begin(), one.end());
  whole[3] = static_cast<std::uint8_t>(whole.size() - 4);
  return whole;
}

const Data t10{0x02, 0x01, 0, 4, 'L', 'A', 'B', '9'};
const Data eui{0x01, 0x02, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7};
const Data naa{0x01, 0x03, 0, 8, 0x50, 0, 0xc5, 0, 0x12, 0x34, 0xab, 0xcd};
const Data naa_of_the_port{0x61, 0x93, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 1};

TEST(UnitName, TheOneThatIsUniqueInTheWorldIsPreferred) {
  EXPECT_EQ(unit_name_of(page({t10, eui, naa_of_the_port, naa})), "naa.5000c5001234abcd");
  EXPECT_EQ(unit_name_of(page({t10, eui})), "eui.0001020304050607");
  EXPECT_EQ(unit_name_of(page({t10})), "t10.LAB9");
}

TEST(UnitName, WithoutAUnitDesignatorThereIsNone) {
  EXPECT_EQ(unit_name_of(page({})), "");
  EXPECT_EQ(unit_name_of(page({naa_of_the_port})), "");
  EXPECT_EQ(unit_name_of(Data{0, 0x80, 0, 0}), "");
}

TEST(UnitName, APageThatIsCutOrLiesIsReadNoFurtherThanItGoes) {
  const Data whole = page({t10, naa});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(unit_name_of(Bytes(whole).first(length)), "naa.5000c5001234abcd") << length;
  }
  Data liar = page({naa});
  liar[2] = 0xff;
  EXPECT_EQ(unit_name_of(liar), "naa.5000c5001234abcd");
  liar[7] = 0xff;
  EXPECT_EQ(unit_name_of(liar), "");
}

}  // namespace
}  // namespace tgt
