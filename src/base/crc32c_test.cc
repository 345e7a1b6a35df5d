// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace tgt {
namespace {

using Digest = Crc32c::Digest;

// RFC 7143, appendix A.4 (the CRC examples), as the digests stand on the wire.
TEST(Crc32c, GivesTheDigestsOfTheRfcsExamples) {
  EXPECT_EQ(Crc32c::of(std::vector<std::uint8_t>(32, 0)), (Digest{0xaa, 0x36, 0x91, 0x8a}));
  EXPECT_EQ(Crc32c::of(std::vector<std::uint8_t>(32, 0xff)), (Digest{0x43, 0xab, 0xa8, 0x62}));
  std::vector<std::uint8_t> counting(32);
  std::iota(counting.begin(), counting.end(), std::uint8_t{0});
  EXPECT_EQ(Crc32c::of(counting), (Digest{0x4e, 0x79, 0xdd, 0x46}));
}

TEST(Crc32c, OfPiecesIsTheOneOfTheWhole) {
  std::vector<std::uint8_t> bytes(1000);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{7});
  Crc32c crc;
  crc.add(Bytes(bytes).first(333));
  crc.add({});
  crc.add(Bytes(bytes).subspan(333));
  EXPECT_EQ(crc.digest(), Crc32c::of(bytes));
}

}  // namespace
}  // namespace tgt
