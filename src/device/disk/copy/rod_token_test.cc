// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/rod_token.h"

#include "device/disk/copy/copy_bench.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using Range = std::pair<std::uint64_t, std::uint32_t>;

class RodTokenTest : public CopyFixture {
 protected:
  static constexpr std::size_t token_at = 16;
  static constexpr std::uint32_t two_pieces = 3000;  // blocks, more than a copy moves at once

  static void append_ranges(List& list, const std::vector<Range>& ranges) {
    for (const auto& [address, count] : ranges) {
      const auto append = [&list](Bytes bytes) { list.insert(list.end(), bytes.begin(), bytes.end()); };
      append(bytes_of(be64(address)));
      append(bytes_of(be32(count)));
      list.insert(list.end(), 4, 0);
    }
    copy_bytes(bytes_of(be16(static_cast<std::uint16_t>(list.size() - 2))), list);
  }
  static List populate_list(const std::vector<Range>& ranges) {
    List list(16);
    copy_bytes(bytes_of(be16(static_cast<std::uint16_t>(ranges.size() * 16))), MutableBytes(list).subspan(14));
    append_ranges(list, ranges);
    return list;
  }
  static List write_list(const RodToken& token, const std::vector<Range>& ranges, std::uint64_t offset = 0) {
    List list(536);
    copy_bytes(bytes_of(be64(offset)), MutableBytes(list).subspan(8));
    copy_bytes(bytes_of(token), MutableBytes(list).subspan(token_at));
    copy_bytes(bytes_of(be16(static_cast<std::uint16_t>(ranges.size() * 16))), MutableBytes(list).subspan(534));
    append_ranges(list, ranges);
    return list;
  }
  static RodToken zero_token() {
    RodToken token;
    token.rod_type = RodToken::block_device_zero;
    return token;
  }

  Answer populate_with(const List& list, std::uint32_t identifier = 7) {
    return bench().send(cdb_of(0x83, 0x10, static_cast<std::uint32_t>(list.size()), identifier), list);
  }
  Answer populate(const std::vector<Range>& ranges) { return populate_with(populate_list(ranges)); }
  Answer write_at(std::uint32_t lun, const List& list, std::uint32_t identifier = 8) {
    return bench().send_to(Lun{lun}, cdb_of(0x83, 0x11, static_cast<std::uint32_t>(list.size()), identifier), list);
  }
  Answer information(std::uint32_t identifier, std::uint32_t lun = 0) {
    return bench().send_to(Lun{lun}, cdb_of(0x84, 0x07, 2048, identifier, 2));
  }
  RodToken token_of(const std::vector<Range>& ranges) {
    EXPECT_EQ(populate(ranges).status, Status::good);
    const Answer answer = information(7);
    EXPECT_EQ(answer.status, Status::good);
    EXPECT_EQ(answer.data.size(), 32u + 4u + 2u + 512u);
    return *read_wire<RodToken>(Bytes(answer.data).subspan(38));
  }
  void let_pass(Duration time) { ASSERT_TRUE(bench().reactor().run(sleep(time), time + 1s)); }
  Task<void> sleep(Duration time) { co_await bench().reactor().shard().sleep(time); }
  Task<void> insert_another(std::uint32_t lun) {
    const auto changed = co_await disk(lun).change_medium(bench().reactor().shard(), "/another");
    EXPECT_TRUE(changed.has_value());
  }
  void take_unit_attention(std::uint32_t lun) { bench().send_to(Lun{lun}, {0, 0, 0, 0, 0, 0}); }
};

TEST_F(RodTokenTest, StandsForTheBlocksOfItsRangesInTheirOrder) {
  take_unit_attention(1);
  put(0, 100, pattern(8, 1));
  put(0, 50, pattern(4, 90));
  const RodToken token = token_of({{100, 8}, {50, 4}});
  EXPECT_EQ(write_at(1, write_list(token, {{0, 3}, {20, 9}})).status, Status::good);
  const List first = pattern(8, 1);
  const List second = pattern(4, 90);
  List all(first);
  all.insert(all.end(), second.begin(), second.end());
  EXPECT_EQ(get(1, 0, 3), List(all.begin(), all.begin() + 3 * 512));
  EXPECT_EQ(get(1, 20, 9), List(all.begin() + 3 * 512, all.end()));
}

TEST_F(RodTokenTest, CanBeUsedFromAnOffset) {
  put(0, 0, pattern(8, 1));
  const RodToken token = token_of({{0, 8}});
  EXPECT_EQ(write_at(0, write_list(token, {{64, 3}}, 5)).status, Status::good);
  EXPECT_EQ(get(0, 64, 3), get(0, 5, 3));
  expect_bad_list_field(write_at(0, write_list(token, {{64, 4}}, 5)), 8);
  expect_bad_list_field(write_at(0, write_list(token, {{64, 1}}, ~std::uint64_t{0})), 8);
}

TEST_F(RodTokenTest, TellsWhatItIs) {
  const RodToken token = token_of({{0, 8}, {16, 8}});
  EXPECT_EQ(token.rod_type, RodToken::change_vulnerable);
  EXPECT_EQ(token.rod_token_length, 0x1f8);
  EXPECT_EQ(token.number_of_bytes_represented, 16u * 512);
  const Answer answer = information(7);
  EXPECT_EQ(answer.data[4], 0x10);
  EXPECT_EQ(answer.data[5], 0x01);
  EXPECT_EQ(answer.data[15], 0xf1);
  EXPECT_EQ(*read_wire<be64>(Bytes(answer.data).subspan(16)), 16u);
  EXPECT_EQ(*read_wire<be16>(Bytes(answer.data).subspan(24)), 2u);
}

TEST_F(RodTokenTest, NoTwoAreAlikeAndAGuessIsUnknown) {
  const RodToken token = token_of({{0, 8}});
  const RodToken another = token_of({{0, 8}});
  EXPECT_NE(token.secret, another.secret);
  for (const std::size_t byte : {std::size_t{15}, std::size_t{511}, std::size_t{480}, std::size_t{60}}) {
    List list = write_list(token, {{64, 1}});
    list[token_at + byte] ^= 1;
    expect_sense(write_at(0, list), copy_sense::token_unknown);
  }
  RodToken foreign = token;
  foreign.creator = cscd_elsewhere();
  expect_sense(write_at(0, write_list(foreign, {{64, 1}})), copy_sense::token_unknown);
  foreign.creator.designator_length = 255;
  expect_sense(write_at(0, write_list(foreign, {{64, 1}})), copy_sense::token_unknown);
}

TEST_F(RodTokenTest, ExpiresWhenNobodyUsesIt) {
  const RodToken token = token_of({{0, 8}});
  let_pass(RodTokens::usual_inactivity - 1s);
  EXPECT_EQ(write_at(0, write_list(token, {{64, 1}})).status, Status::good);
  let_pass(RodTokens::usual_inactivity - 1s);
  EXPECT_EQ(write_at(0, write_list(token, {{64, 1}})).status, Status::good);
  let_pass(RodTokens::usual_inactivity + 1s);
  expect_sense(write_at(0, write_list(token, {{64, 1}})), copy_sense::token_expired);
  expect_sense(write_at(0, write_list(token, {{64, 1}})), copy_sense::token_unknown);
}

TEST_F(RodTokenTest, IsGoneAfterTheUseThatDeletesIt) {
  const RodToken token = token_of({{0, 8}});
  List list = write_list(token, {{64, 1}});
  list[2] = 0x02;
  EXPECT_EQ(write_at(0, list).status, Status::good);
  expect_sense(write_at(0, list), copy_sense::token_unknown);
}

TEST_F(RodTokenTest, IsRevokedByEveryCommandThatChangesItsBlocks) {
  const List block(512, 1);
  const List two_blocks(1024);  // COMPARE AND WRITE finds zeros
  const List unmapping{0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 203, 0, 0, 0, 1, 0, 0, 0, 0};
  const auto at_block_203 = [](std::uint8_t code) { return List{code, 0, 0, 0, 0, 0, 0, 0, 0, 203, 0, 0, 0, 1, 0, 0}; };
  struct Case {
    List cdb, data;
  };
  const Case cases[] = {{{0x2a, 0, 0, 0, 0, 203, 0, 0, 1, 0}, block},
                        {at_block_203(0x8e), block},
                        {at_block_203(0x8b), block},
                        {at_block_203(0x93), block},
                        {at_block_203(0x93), List(512)},
                        {at_block_203(0x89), two_blocks},
                        {at_block_203(0x9c), block},
                        {{0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, unmapping}};
  ASSERT_TRUE(disk(0).configure("thin_provisioning", "1"));
  take_unit_attention(0);
  for (const Case& change : cases) {
    put(0, 203, List(512));
    const RodToken token = token_of({{0, 8}, {200, 4}});
    const RodToken neighbour = token_of({{202, 1}, {204, 1}});
    ASSERT_EQ(bench().send(change.cdb, change.data).status, Status::good) << int{change.cdb[0]};
    expect_sense(write_at(0, write_list(token, {{64, 1}})), copy_sense::token_revoked);
    EXPECT_EQ(write_at(0, write_list(neighbour, {{64, 1}})).status, Status::good);
  }
}

TEST_F(RodTokenTest, IsRevokedByFormatUnit) {
  const RodToken formatted = token_of({{0, 1}});
  ASSERT_EQ(bench().send({0x04, 0, 0, 0, 0, 0}).status, Status::good);
  expect_sense(write_at(0, write_list(formatted, {{64, 1}})), copy_sense::token_revoked);
}

TEST_F(RodTokenTest, RevokedOnesMakeRoom) {
  for (std::size_t i = 0; i < RodTokens::most_tokens; ++i) ASSERT_EQ(populate({{0, 1}}).status, Status::good);
  ASSERT_EQ(bench().send({0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0}, List(512)).status, Status::good);
  EXPECT_EQ(populate({{0, 1}}).status, Status::good);
}

// Of a write that comes while the token is being used.
TEST(RodTokens, ChangesShowInWhatIsInUse) {
  RodTokens tokens;
  const TimePoint now{};
  const BlockRange range{LogicalBlockAddress(10), BlockCount(5)};
  const auto token = tokens.create({.ranges = {range}, .inactivity = 60s}, now);
  ASSERT_TRUE(token);
  const auto content = tokens.find(**token, now);
  ASSERT_TRUE(content);
  tokens.revoke({LogicalBlockAddress(5), BlockCount(5)});
  tokens.revoke({LogicalBlockAddress(15), BlockCount(100)});
  EXPECT_FALSE((*content)->changed);
  tokens.revoke({LogicalBlockAddress(14), BlockCount(1)});
  EXPECT_TRUE((*content)->changed);
}

TEST_F(RodTokenTest, StandsForNothingOnceTheMediumIsAnotherOne) {
  Disk::Options options;
  options.removable = true;
  options.load = [](Shard&, std::string) -> Task<Result<std::unique_ptr<BlockStore>, std::string>> {
    co_return std::move(*MemoryStore::open(blocks * 512));
  };
  add(2, make_disk(1, 3, {}, std::move(options)));
  take_unit_attention(2);
  const List list = populate_list({{0, 8}});
  const List cdb = cdb_of(0x83, 0x10, static_cast<std::uint32_t>(list.size()), 7);
  ASSERT_EQ(bench().send_to(Lun{2}, cdb, list).status, Status::good);
  const RodToken token = *read_wire<RodToken>(Bytes(information(7, 2).data).subspan(38));
  EXPECT_EQ(write_at(0, write_list(token, {{64, 1}})).status, Status::good);
  ASSERT_TRUE(disk(2).configure("online", "0"));
  ASSERT_TRUE(bench().reactor().run(insert_another(2)));
  expect_sense(write_at(0, write_list(token, {{64, 1}})), copy_sense::token_unknown);
}

TEST_F(RodTokenTest, ADiskOfAnotherBlockSizeTakesNone) {
  add(2, make_disk(1, 3, {}, {.block_size = {.exponent = 12}}));
  take_unit_attention(2);
  const RodToken token = token_of({{0, 8}});
  expect_sense(write_at(2, write_list(token, {{0, 1}})), copy_sense::cannot_reach_token_data);
}

TEST_F(RodTokenTest, AnyoneMayWriteZerosWithTheZeroToken) {
  put(0, 0, pattern(100, 1));
  EXPECT_EQ(write_at(0, write_list(zero_token(), {{10, 5}, {50, 1}})).status, Status::good);
  EXPECT_EQ(get(0, 10, 5), List(5 * 512));
  EXPECT_EQ(get(0, 50, 1), List(512));
  EXPECT_NE(get(0, 15, 1), List(512));
  const Answer answer = information(8);
  EXPECT_EQ(answer.data[4], 0x11);
  EXPECT_EQ(*read_wire<be64>(Bytes(answer.data).subspan(16)), 6u);
  EXPECT_EQ(answer.data.size(), 36u);
}

TEST_F(RodTokenTest, OtherTypesAreRefused) {
  List list = populate_list({{0, 1}});
  list[2] = 0x02;
  copy_bytes(bytes_of(be32(0x00800000u)), MutableBytes(list).subspan(8));
  expect_bad_list_field(populate_with(list), 8);
  copy_bytes(bytes_of(be32(0x00800001u)), MutableBytes(list).subspan(8));
  EXPECT_EQ(populate_with(list).status, Status::good);
  RodToken token;
  token.rod_type = 0x00010000u;
  expect_sense(write_at(0, write_list(token, {{0, 1}})), copy_sense::unsupported_token_type);
  token = zero_token();
  token.rod_token_length = std::uint16_t{0x1f0};
  expect_sense(write_at(0, write_list(token, {{0, 1}})), copy_sense::invalid_token_length);
}

TEST_F(RodTokenTest, RangesMustBeOnTheDiskApartAndNotTooMany) {
  expect_sense(populate({{blocks - 1, 2}}), Sense::lba_out_of_range(0));
  expect_sense(populate({{~std::uint64_t{0}, 2}}), Sense::lba_out_of_range(0));
  expect_bad_list_field(populate({{0, 8}, {7, 1}}), 14);
  expect_bad_list_field(populate({{7, 1}, {0, 8}}), 14);
  expect_bad_list_field(populate(std::vector<Range>{}), 14);
  expect_sense(populate(std::vector<Range>(65, {0, 0})), copy_sense::too_many_segment_descriptors);
  EXPECT_EQ(populate(std::vector<Range>(64, {0, 0})).status, Status::good);
  List lying = populate_list({{0, 1}});
  lying[15] = 0x20;
  expect_bad_list_field(populate_with(lying), 14);
}

TEST_F(RodTokenTest, AListThatIsCutIsALengthError) {
  const List list = populate_list({{0, 1}});
  for (std::size_t length = 1; length < list.size(); ++length) {
    expect_sense(populate_with(List(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(length))),
                 Sense::parameter_list_length_error());
  }
  const List writing = write_list(zero_token(), {{0, 1}});
  for (std::size_t length = 1; length < writing.size(); length += 5) {
    expect_sense(write_at(0, List(writing.begin(), writing.begin() + static_cast<std::ptrdiff_t>(length))),
                 Sense::parameter_list_length_error());
  }
}

TEST_F(RodTokenTest, ATimeoutLongerThanTheLongestIsRefused) {
  List list = populate_list({{0, 1}});
  copy_bytes(bytes_of(be32(3601u)), MutableBytes(list).subspan(4));
  expect_bad_list_field(populate_with(list), 4);
}

TEST_F(RodTokenTest, WhenThereAreSoManyOnesOwnThatWouldExpireFirstMakesRoom) {
  Nexus& other = bench().another_nexus();
  bench().send_as(other, {0, 0, 0, 0, 0, 0});
  const List list = populate_list({{300, 1}});
  ASSERT_EQ(bench().send_as(other, cdb_of(0x83, 0x10, 32, 7), list).status, Status::good);
  const RodToken of_other =
      *read_wire<RodToken>(Bytes(bench().send_as(other, cdb_of(0x84, 0x07, 2048, 7, 2)).data).subspan(38));
  const RodToken used = token_of({{0, 1}});
  const RodToken unused = token_of({{1, 1}});
  let_pass(1s);
  EXPECT_EQ(write_at(0, write_list(used, {{64, 1}})).status, Status::good);
  for (std::size_t i = 3; i <= RodTokens::most_tokens; ++i) ASSERT_EQ(populate({{2, 1}}).status, Status::good);
  expect_sense(write_at(0, write_list(unused, {{64, 1}})), copy_sense::token_unknown);
  EXPECT_EQ(write_at(0, write_list(used, {{64, 1}})).status, Status::good);
  EXPECT_EQ(write_at(0, write_list(of_other, {{64, 1}})).status, Status::good);
}

TEST_F(RodTokenTest, WhoHasNoneGetsOneAtTheCostOfAnother) {
  Nexus& other = bench().another_nexus();
  bench().send_as(other, {0, 0, 0, 0, 0, 0});
  const RodToken first = token_of({{0, 1}});
  for (std::size_t i = 1; i < RodTokens::most_tokens; ++i) ASSERT_EQ(populate({{1, 1}}).status, Status::good);
  EXPECT_EQ(bench().send_as(other, cdb_of(0x83, 0x10, 32, 7), populate_list({{0, 1}})).status, Status::good);
  expect_sense(write_at(0, write_list(first, {{64, 1}})), copy_sense::token_unknown);
}

TEST_F(RodTokenTest, OneThatIsInUseMakesNoRoomAndDoesNotExpire) {
  take_unit_attention(1);
  put(0, 0, pattern(two_pieces, 1));
  const RodToken token = token_of({{0, two_pieces}});
  store(1).script().takes = RodTokens::usual_inactivity + 1s;
  const List list = write_list(token, {{0, two_pieces}});
  const auto using_it = bench().start(Lun{1}, cdb_of(0x83, 0x11, static_cast<std::uint32_t>(list.size()), 8), list);
  bench().reactor().advance(RodTokens::usual_inactivity);
  for (std::size_t i = 0; i <= RodTokens::most_tokens; ++i) ASSERT_EQ(populate({{4000, 1}}).status, Status::good);
  bench().reactor().advance(500ms);
  ASSERT_EQ(bench().send({0x2a, 0, 0, 0, 0x08, 0, 0, 0, 1, 0}, List(512)).status, Status::good);
  store(1).script().takes = {};
  bench().reactor().run_until([&] { return using_it->answered; }, 1h);
  expect_sense(*using_it, copy_sense::token_revoked);
}

TEST_F(RodTokenTest, OneThatIsDeletedWhileItIsInUseEndsThat) {
  take_unit_attention(1);
  const RodToken token = token_of({{0, two_pieces}});
  store(1).script().takes = 1s;
  const List list = write_list(token, {{0, two_pieces}});
  const auto using_it = bench().start(Lun{1}, cdb_of(0x83, 0x11, static_cast<std::uint32_t>(list.size()), 8), list);
  bench().reactor().settle();
  List deleting = write_list(token, {{4000, 1}});
  deleting[2] = 0x02;
  EXPECT_EQ(write_at(0, deleting).status, Status::good);
  bench().reactor().run_until([&] { return using_it->answered; });
  expect_sense(*using_it, copy_sense::token_revoked);
}

TEST_F(RodTokenTest, AWriteProtectedDiskTakesNone) {
  ASSERT_TRUE(disk(0).configure("readonly", "1"));
  expect_sense(write_at(0, write_list(zero_token(), {{0, 1}})), Sense::write_protected());
}

TEST_F(RodTokenTest, InformationOfAListThatNobodySentIsRefused) {
  const Answer answer = information(99);
  expect_sense(answer, Sense::invalid_field_in_cdb());
  expect_pointer(answer, FieldPointer::Where::cdb, 2);
}

}  // namespace
}  // namespace tgt
