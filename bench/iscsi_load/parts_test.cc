// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "iscsi_load/connection.h"
#include "iscsi_load/ledger.h"
#include "iscsi_load/text_keys.h"
#include "iscsi_load/workload.h"

namespace tgt::bench {
namespace {

TEST(BigEndian, StandsMostSignificantByteFirst) {
  const auto bytes = std::bit_cast<std::array<std::uint8_t, 3>>(Be24{0x010203});
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 3>{1, 2, 3}));
  EXPECT_EQ(Be64{0x0102'0304'0506'0708}, 0x0102'0304'0506'0708U);
}

TEST(TextKeys, ComeBackAsTheyWereEncoded) {
  const TextKeys keys{{"TargetName", "iqn.x:y=z"}, {"Empty", ""}};
  const auto decoded = decode_keys(encode_keys(keys));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, keys);
}

TEST(TextKeys, AreRefusedWithoutTerminatorOrKey) {
  const std::string no_end = "A=B";
  const std::string no_key("=B\0", 3);
  const auto bytes = [](const std::string& text) {
    return std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  EXPECT_FALSE(decode_keys(bytes(no_end)));
  EXPECT_FALSE(decode_keys(bytes(no_key)));
}

TEST(TextKeys, TakeOverTheTargetsAnswers) {
  OperationalKeys agreed;
  EXPECT_TRUE(apply_answer(agreed, "InitialR2T", "No"));
  EXPECT_TRUE(apply_answer(agreed, "DataDigest", "CRC32C"));
  EXPECT_TRUE(apply_answer(agreed, "MaxBurstLength", "0x40000"));
  EXPECT_TRUE(apply_answer(agreed, "FirstBurstLength", "Irrelevant"));
  EXPECT_TRUE(apply_answer(agreed, "X-unknown", "anything"));
  EXPECT_FALSE(agreed.initial_r2t);
  EXPECT_TRUE(agreed.data_digest);
  EXPECT_EQ(agreed.max_burst_length, 0x40000U);
  EXPECT_EQ(agreed.first_burst_length, 65536U);
}

TEST(TextKeys, RefuseAnAnswerThatMakesNoSense) {
  OperationalKeys agreed;
  EXPECT_FALSE(apply_answer(agreed, "HeaderDigest", "SHA1"));
  EXPECT_FALSE(apply_answer(agreed, "MaxBurstLength", "0"));
  EXPECT_FALSE(apply_answer(agreed, "MaxBurstLength", "12x"));
  EXPECT_FALSE(apply_answer(agreed, "MaxBurstLength", ""));
}

TEST(Portal, IsSplitIntoHostAndPort) {
  const auto is = [](std::string_view portal, std::string_view host, std::string_view port) {
    const HostAndPort parts = split_portal(portal);
    return parts.host == host && parts.port == port;
  };
  EXPECT_TRUE(is("127.0.0.1", "127.0.0.1", "3260"));
  EXPECT_TRUE(is("127.0.0.1:13260", "127.0.0.1", "13260"));
  EXPECT_TRUE(is("[::1]", "::1", "3260"));
  EXPECT_TRUE(is("[fe80::1]:99", "fe80::1", "99"));
}

Options load_of(Order order, Load load) {
  Options options;
  options.order = order;
  options.load = load;
  options.sessions = 4;
  options.block_size = 4096;
  return options;
}

constexpr Medium medium{.blocks = 8000, .block_length = 512};  // 1,000 chunks of 4 KiB

TEST(Workload, GivesEverySequentialSessionItsOwnPartAndWrapsAtItsEnd) {
  const Options options = load_of(Order::sequential, Load::read);
  const auto extent = extent_for(options, medium, 3);
  ASSERT_TRUE(extent);
  EXPECT_EQ(extent->first_chunk, 750U);
  EXPECT_EQ(extent->chunks, 250U);
  Workload workload(options, *extent, 1);
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_EQ(workload.next().chunk, 750 + i % 250);
}

TEST(Workload, SpreadsRandomAddressesOverTheWholeExtentAndNoFurther) {
  const Options options = load_of(Order::random, Load::read);
  Workload workload(options, {.first_chunk = 100, .chunks = 10}, 7);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(workload.next().chunk);
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(*seen.begin(), 100U);
  EXPECT_EQ(*seen.rbegin(), 109U);
}

TEST(Workload, ReadsAboutTheShareThatIsAskedFor) {
  Options options = load_of(Order::random, Load::mix);
  options.read_percent = 30;
  Workload workload(options, {.first_chunk = 0, .chunks = 10}, 7);
  int reads = 0;
  for (int i = 0; i < 10'000; ++i) reads += workload.next().direction == Direction::read ? 1 : 0;
  EXPECT_NEAR(reads, 3000, 200);
}

TEST(Workload, DoesNotFitAMediumWithLongerBlocksOrTooFewOfThem) {
  Options options = load_of(Order::sequential, Load::read);
  EXPECT_FALSE(extent_for(options, {.blocks = 100, .block_length = 3000}, 0));
  EXPECT_FALSE(extent_for(options, {.blocks = 24, .block_length = 512}, 0));
}

TEST(Ledger, TurnsTheFirstReadOfAChunkIntoAWriteAndKeepsOthersOffWhileItLasts) {
  Ledger ledger({.first_chunk = 10, .chunks = 2});
  const auto first = ledger.claim({.chunk = 11, .direction = Direction::read});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->direction, Direction::write);
  EXPECT_FALSE(ledger.claim({.chunk = 11, .direction = Direction::read}));
  ledger.release(*first);
  const auto second = ledger.claim({.chunk = 11, .direction = Direction::read});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->direction, Direction::read);
}

TEST(Ledger, SeesStaleAndMisplacedContents) {
  Ledger ledger({.first_chunk = 0, .chunks = 2});
  std::vector<std::uint8_t> old_contents(512);
  std::vector<std::uint8_t> contents(512);
  std::vector<std::uint8_t> neighbour(512);
  const Transfer write{.chunk = 0, .direction = Direction::write};
  ledger.release(*ledger.claim(write));
  ledger.fill(0, old_contents);
  ledger.release(*ledger.claim(write));
  ledger.release(*ledger.claim({.chunk = 1, .direction = Direction::write}));
  ledger.fill(0, contents);
  ledger.fill(1, neighbour);
  EXPECT_EQ(ledger.mismatch(0, contents), std::nullopt);
  EXPECT_TRUE(ledger.mismatch(0, old_contents));
  EXPECT_TRUE(ledger.mismatch(0, neighbour));
  contents[511] ^= 1;
  EXPECT_EQ(ledger.mismatch(0, contents), 504U);
}

TEST(Ledger, ReadsBackEveryWrittenChunkOnce) {
  Ledger ledger({.first_chunk = 5, .chunks = 4});
  ledger.release(*ledger.claim({.chunk = 6, .direction = Direction::write}));
  ledger.release(*ledger.claim({.chunk = 8, .direction = Direction::write}));
  EXPECT_EQ(ledger.next_to_read_back()->chunk, 6U);
  EXPECT_EQ(ledger.next_to_read_back()->chunk, 8U);
  EXPECT_FALSE(ledger.next_to_read_back());
}

}  // namespace
}  // namespace tgt::bench
