// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/big_endian.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/result.h"
#include "base/units.h"

namespace tgt {
namespace {

struct Example {
  be16 a;
  be24 b;
  be64 c;
};
static_assert(sizeof(Example) == 13 && WireStruct<Example>);

TEST(BigEndian, StoresTheMostSignificantByteFirst) {
  const Example example{.a = std::uint16_t{0x1234}, .b = 0x56789au, .c = 0x0102030405060708ull};
  const Bytes bytes = bytes_of(example);
  const std::uint8_t expected[] = {0x12, 0x34, 0x56, 0x78, 0x9a, 1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_EQ(bytes.size(), sizeof expected);
  EXPECT_EQ(std::memcmp(bytes.data(), expected, sizeof expected), 0);
  EXPECT_EQ(read_wire<Example>(bytes)->c, 0x0102030405060708ull);
}

TEST(BigEndian, AShortSourceGivesNoStructure) {
  const std::uint8_t few[12] = {};
  EXPECT_FALSE(read_wire<Example>(few).has_value());
}

TEST(Units, ARangeAtTheEndOfTheAddressSpaceDoesNotWrap) {
  constexpr BlockCount capacity(1000);
  EXPECT_TRUE(within(LogicalBlockAddress(1000), BlockCount(0), capacity));
  EXPECT_TRUE(within(LogicalBlockAddress(999), BlockCount(1), capacity));
  EXPECT_FALSE(within(LogicalBlockAddress(999), BlockCount(2), capacity));
  EXPECT_FALSE(within(LogicalBlockAddress(~0ull), BlockCount(2), capacity));
  EXPECT_FALSE(within(LogicalBlockAddress(2), BlockCount(~0ull), capacity));
}

class CountingOwner final : public BufferOwner {
 public:
  void release(std::uint8_t*, std::size_t capacity) override { released += capacity; }
  std::size_t released = 0;
};

TEST(Buffer, GoesBackToItsOwnerExactlyOnce) {
  CountingOwner owner;
  std::uint8_t memory[16];
  {
    Buffer first(owner, memory, sizeof memory);
    Buffer second(std::move(first));
    first = std::move(second);
    EXPECT_TRUE(first);
    EXPECT_FALSE(second);  // NOLINT(bugprone-use-after-move): that it is empty is the point
    EXPECT_EQ(owner.released, 0u);
  }
  EXPECT_EQ(owner.released, sizeof memory);
}

TEST(Log, TextFromOutsideCannotForgeALogLine) {
  EXPECT_EQ(printable("iqn.a\nERROR \xff"), "iqn.a\\x0aERROR \\xff");
  EXPECT_EQ(printable(std::string(300, 'a')), std::string(256, 'a') + "...");
}

TEST(Result, CarriesAValueOrAnError) {
  const Result<int, char> good = 7;
  const Result<int, char> bad = failure('x');
  EXPECT_EQ(*good, 7);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), 'x');
}

}  // namespace
}  // namespace tgt
