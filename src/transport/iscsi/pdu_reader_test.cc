// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/pdu_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

namespace tgt {
namespace {

using Octets = std::vector<std::uint8_t>;

Octets counted(std::size_t size, std::uint8_t first) {
  Octets bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

void append(Octets& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// A PDU as it stands on the wire.
Octets pdu(const PduReader::Limits& limits, std::uint8_t opcode, const Octets& data, const Octets& additional = {}) {
  iscsi::BasicHeader header;
  header.opcode = opcode;
  header.total_ahs_length = static_cast<std::uint8_t>(additional.size() / 4);
  header.data_segment_length = static_cast<std::uint32_t>(data.size());
  Octets bytes;
  append(bytes, bytes_of(header));
  append(bytes, additional);
  if (limits.header_digest) append(bytes, Crc32c::of(bytes));
  if (data.empty()) return bytes;
  Octets padded = data;
  padded.resize((data.size() + 3) / 4 * 4);
  append(bytes, padded);
  if (limits.data_digest) append(bytes, Crc32c::of(padded));
  return bytes;
}

struct Found {
  std::uint8_t opcode;
  Octets additional;
  Octets data;
  bool good;
};

// Feeds a stream in pieces of at most `piece` bytes and gives what was found, up to the first fatal event.
struct Result {
  std::vector<Found> found;
  std::optional<PduReader::Event> fatal;
};
Result read(const Octets& stream, const PduReader::Limits& limits, std::size_t piece, bool discard = false,
            std::size_t capacity = 4096) {
  PduReader reader(capacity, limits);
  Result result;
  Octets data;
  std::size_t at = 0;
  for (;;) {
    switch (const auto event = reader.next()) {
      case PduReader::Event::wants_more: {
        if (at == stream.size()) return result;
        std::size_t now = 0;
        for (const IoVector& vector : reader.room()) {
          const std::size_t part = std::min({vector.iov_len, stream.size() - at - now, piece - now});
          std::memcpy(vector.iov_base, stream.data() + at + now, part);
          now += part;
          if (part < vector.iov_len) break;
        }
        EXPECT_NE(now, 0U);
        at += now;
        reader.received(now);
        break;
      }
      case PduReader::Event::header: {
        const Bytes more = reader.additional_header();
        result.found.push_back({reader.header().opcode, Octets(more.begin(), more.end()), {}, false});
        data.assign(reader.data_length(), 0);
        if (!discard) reader.put_data(data);
        break;
      }
      case PduReader::Event::complete:
        result.found.back().data = data;
        result.found.back().good = reader.data_digest_good();
        break;
      default:
        result.fatal = event;
        return result;
    }
  }
}

class PduReaderDigests : public testing::TestWithParam<std::pair<bool, bool>> {
 protected:
  PduReader::Limits limits() const {
    return {.max_data_segment_length = 20000, .header_digest = GetParam().first, .data_digest = GetParam().second};
  }
};

TEST_P(PduReaderDigests, FindsEveryPduHoweverTheStreamIsCut) {
  const std::vector<Octets> datas = {{}, counted(1, 1), counted(4, 2), counted(2051, 3), {}, counted(20000, 4)};
  Octets stream;
  for (std::size_t i = 0; i < datas.size(); ++i) {
    append(stream, pdu(limits(), static_cast<std::uint8_t>(i), datas[i], i == 3 ? counted(8, 9) : Octets()));
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{48}, std::size_t{1000}, stream.size()}) {
    const Result result = read(stream, limits(), piece);
    EXPECT_FALSE(result.fatal);
    ASSERT_EQ(result.found.size(), datas.size());
    for (std::size_t i = 0; i < datas.size(); ++i) {
      EXPECT_EQ(result.found[i].opcode, i);
      EXPECT_EQ(result.found[i].data, datas[i]);
      EXPECT_TRUE(result.found[i].good);
      EXPECT_EQ(result.found[i].additional, i == 3 ? counted(8, 9) : Octets());
    }
  }
}

TEST_P(PduReaderDigests, SkipsDataThatNobodyWants) {
  Octets stream = pdu(limits(), 1, counted(19999, 1));
  append(stream, pdu(limits(), 2, {}));
  for (const std::size_t piece : {std::size_t{13}, stream.size()}) {
    const Result result = read(stream, limits(), piece, true);
    ASSERT_EQ(result.found.size(), 2U);
    EXPECT_EQ(result.found[1].opcode, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(AllDigests, PduReaderDigests,
                         testing::Values(std::pair(false, false), std::pair(true, false), std::pair(false, true),
                                         std::pair(true, true)));

TEST(PduReader, RefusesASegmentLongerThanDeclared) {
  const PduReader::Limits limits{.max_data_segment_length = 512};
  EXPECT_EQ(read(pdu(limits, 1, Octets(513)), limits, 9999).fatal, PduReader::Event::segment_too_long);
  EXPECT_FALSE(read(pdu(limits, 1, Octets(512)), limits, 9999).fatal);
}

TEST(PduReader, SeesAnyChangedBitOfAHeader) {
  const PduReader::Limits limits{.header_digest = true};
  const Octets good = pdu(limits, 1, {}, counted(4, 1));
  for (std::size_t i = 8; i < good.size(); ++i) {  // the lengths before it change more than the digest
    Octets bad = good;
    bad[i] ^= 0x10;
    EXPECT_EQ(read(bad, limits, 9999).fatal, PduReader::Event::bad_header_digest) << i;
  }
}

TEST(PduReader, SeesAnyChangedBitOfTheData) {
  const PduReader::Limits limits{.data_digest = true};
  const Octets good = pdu(limits, 1, counted(5, 1));
  for (std::size_t i = iscsi::header_length; i < good.size(); ++i) {
    Octets bad = good;
    bad[i] ^= 1;
    const Result result = read(bad, limits, 9999);
    ASSERT_EQ(result.found.size(), 1U);
    EXPECT_FALSE(result.found[0].good) << i;
  }
}

TEST(PduReader, ReceivesTheRestOfALargeSegmentStraightToItsPlace) {
  const PduReader::Limits limits{.max_data_segment_length = 100000};
  const Octets stream = pdu(limits, 1, counted(100000, 1));
  PduReader reader(4096, limits);
  std::memcpy(reader.room()[0].iov_base, stream.data(), 48);
  reader.received(48);
  ASSERT_EQ(reader.next(), PduReader::Event::header);
  Octets data(100000);
  reader.put_data(data);
  ASSERT_EQ(reader.next(), PduReader::Event::wants_more);
  const auto room = reader.room();
  EXPECT_EQ(room[0].iov_base, data.data());
  EXPECT_EQ(room[0].iov_len, data.size());
  std::memcpy(data.data(), stream.data() + 48, data.size());
  reader.received(data.size());
  EXPECT_EQ(reader.next(), PduReader::Event::complete);
}

}  // namespace
}  // namespace tgt
