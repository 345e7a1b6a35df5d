// SPDX-License-Identifier: Apache-2.0
#include "iscsi_load/pdu_reader.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "iscsi_load/send_queue.h"

namespace tgt::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Notes every PDU as "tag:data" with the data in letters.
class Notes final : public PduSink {
 public:
  Result<void> on_data(const BasicHeader& /*header*/, std::uint32_t offset,
                       std::span<const std::uint8_t> piece) override {
    EXPECT_EQ(offset, data_.size());
    data_.append(piece.begin(), piece.end());
    return {};
  }
  Result<void> on_pdu(const BasicHeader& header) override {
    seen.push_back(std::to_string(std::uint32_t{header.initiator_task_tag}) + ":" + data_);
    data_.clear();
    return {};
  }
  std::vector<std::string> seen;

 private:
  std::string data_;
};

// What a SendQueue puts on the wire for PDUs with these data segments, tagged 0, 1, 2…
Bytes wire_of(const std::vector<std::string>& segments, Digests digests) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  SendQueue queue(digests);
  std::uint32_t tag = 0;
  for (const std::string& segment : segments) {
    DataIn pdu;
    pdu.initiator_task_tag = tag++;
    queue.push(basic(pdu), {reinterpret_cast<const std::uint8_t*>(segment.data()), segment.size()});
  }
  EXPECT_TRUE(queue.flush(ends[0]));
  EXPECT_TRUE(queue.empty());
  ::close(ends[0]);
  Bytes wire(65536);
  wire.resize(static_cast<std::size_t>(::recv(ends[1], wire.data(), wire.size(), MSG_WAITALL)));
  ::close(ends[1]);
  return wire;
}

const std::vector<std::string> segments{"", "abcd", "", "", "abcde", "x"};
const std::vector<std::string> notes{"0:", "1:abcd", "2:", "3:", "4:abcde", "5:x"};

class PduReaderWithDigests : public testing::TestWithParam<Digests> {};

TEST_P(PduReaderWithDigests, ReadsWhatASendQueueSentHoweverItIsCut) {
  const Bytes wire = wire_of(segments, GetParam());
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    PduReader reader(GetParam(), 8192);
    Notes sink;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      ASSERT_TRUE(reader.feed(std::span(wire).subspan(at, std::min(step, wire.size() - at)), sink));
    }
    ASSERT_EQ(sink.seen, notes) << "in pieces of " << step << " bytes";
  }
}

INSTANTIATE_TEST_SUITE_P(All, PduReaderWithDigests,
                         testing::Values(Digests{false, false}, Digests{true, false}, Digests{false, true},
                                         Digests{true, true}));

TEST(PduReader, RefusesAnyChangedByteWhenBothDigestsAreOn) {
  const Digests both{true, true};
  const Bytes wire = wire_of({"abcde"}, both);
  for (std::size_t i = 0; i < wire.size(); ++i) {
    Bytes changed = wire;
    changed[i] ^= 0x10;
    PduReader reader(both, 8192);
    Notes sink;
    EXPECT_FALSE(reader.feed(changed, sink)) << "byte " << i;
    EXPECT_TRUE(sink.seen.empty()) << "byte " << i;
  }
}

TEST(PduReader, RefusesADataSegmentLongerThanWasDeclared) {
  const Bytes wire = wire_of({std::string(600, 'a')}, {});
  PduReader reader({}, 599);
  Notes sink;
  EXPECT_FALSE(reader.feed(wire, sink));
}

TEST(PduReader, RefusesAnAdditionalHeaderSegment) {
  Bytes wire = wire_of({""}, {});
  wire[4] = 1;
  PduReader reader({}, 8192);
  Notes sink;
  EXPECT_FALSE(reader.feed(wire, sink));
}

TEST(SendQueue, KeepsWhatTheSocketDoesNotTakeAndSendsItLater) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Bytes data(100'000, 'd');
  SendQueue queue({});
  constexpr std::uint32_t pdus = 40;
  for (std::uint32_t tag = 0; tag < pdus; ++tag) {
    DataIn pdu;
    pdu.initiator_task_tag = tag;
    queue.push(basic(pdu), data);
  }
  PduReader reader({}, 262144);
  Notes sink;
  Bytes buffer(65536);
  ASSERT_TRUE(queue.flush(ends[0]));
  EXPECT_FALSE(queue.empty());
  for (ssize_t got; (got = ::recv(ends[1], buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
    ASSERT_TRUE(reader.feed(std::span(buffer).first(static_cast<std::size_t>(got)), sink));
    ASSERT_TRUE(queue.flush(ends[0]));
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(sink.seen.size(), pdus);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Crc32c, GivesTheDigestsOfTheStandardsExamples) {
  // RFC 7143, appendix A.4 (as in RFC 3720, B.4): 32 bytes of zeros, of ones, and counting up.
  const auto digest_of = [](const Bytes& bytes) {
    Crc32c crc;
    crc.add(bytes);
    return crc.digest();
  };
  Bytes counting(32);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(digest_of(Bytes(32, 0)), (std::array<std::uint8_t, 4>{0xaa, 0x36, 0x91, 0x8a}));
  EXPECT_EQ(digest_of(Bytes(32, 0xff)), (std::array<std::uint8_t, 4>{0x43, 0xab, 0xa8, 0x62}));
  EXPECT_EQ(digest_of(counting), (std::array<std::uint8_t, 4>{0x4e, 0x79, 0xdd, 0x46}));
}

}  // namespace
}  // namespace tgt::bench
