// SPDX-License-Identifier: Apache-2.0
// FORMAT UNIT and SANITIZE: what they leave on the medium, and what others hear meanwhile.
#include "device/disk/disk_fixture.h"
#include "device/disk/format_unit.h"
#include "device/disk/sanitize.h"

namespace tgt {
namespace {

using testing::Each;
using List = std::vector<std::uint8_t>;

const List block_erase{0x48, 0x02, 0, 0, 0, 0, 0, 0, 0, 0};
const List block_erase_immediate{0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0};
const List exit_failure_mode{0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0};
const List test_unit_ready{0, 0, 0, 0, 0, 0};
const List request_sense{0x03, 0, 0, 0, 252, 0};

List overwrite(std::uint8_t length, std::uint8_t flags = 0) {
  return {0x48, static_cast<std::uint8_t>(flags | 1), 0, 0, 0, 0, 0, 0, length, 0};
}
List format(std::uint8_t flags = 0) { return {0x04, flags, 0, 0, 0, 0}; }

struct MediumWorkTest : DiskFixture {
  void SetUp() override { make({}, {.thin_provisioning = true}); }
  void finish() { bench().reactor().advance(std::chrono::seconds(60)); }
  void expect_pointer(const DeviceBench::Answer& answer, std::uint16_t byte) {
    expect_sense(answer, Sense::invalid_field_in_parameter_list(0));
    ASSERT_TRUE(answer.sense && answer.sense->field);
    EXPECT_EQ(answer.sense->field->where, FieldPointer::Where::parameter_list);
    EXPECT_EQ(answer.sense->field->byte, byte);
  }
  // What its store holds there, whatever the disk says.
  std::uint8_t on_medium(std::uint64_t offset) {
    store().script().takes = {};
    Block byte(1);
    bench().reactor().run([](BlockStore& from, Shard& shard, MutableBytes to, std::uint64_t at) -> Task<void> {
      EXPECT_TRUE((co_await from.read_all(shard, to, at)).has_value());
    }(store(), bench().reactor().shard(), byte, offset));
    return byte[0];
  }
  // All memory of the shard but for so many bytes.
  std::vector<Buffer> take_memory(std::size_t but_for = 0) {
    std::vector<Buffer> taken;
    BufferPool& pool = bench().reactor().shard().buffers();
    for (std::size_t size = BufferPool::largest; size >= BufferPool::smallest; size /= 2) {
      while (pool.limit() - pool.lent() >= size + but_for) taken.push_back(pool.allocate(size));
    }
    return taken;
  }
  void fail_a_format() {
    store().script().write_bad_from = 4096;
    expect_sense(send(format(0x10), {0, 0xa8, 0, 0, 0, 1, 0, 1, 0xaa}), Sense::format_command_failed());
    store().script().write_bad_from.reset();
  }
  void fail_a_sanitize(std::uint8_t flags = 0) {
    store().script().write_bad_from = 4096;
    expect_sense(send(overwrite(5, flags), {1, 0, 0, 1, 0xaa}), Sense::sanitize_command_failed());
    store().script().write_bad_from.reset();
  }
};
using SanitizeTest = MediumWorkTest;
using FormatTest = MediumWorkTest;

TEST_F(SanitizeTest, BlockEraseLeavesZeros) {
  put(0, pattern(8, 5));
  EXPECT_EQ(send(block_erase).status, Status::good);
  EXPECT_THAT(get(0, 8), Each(0));
  EXPECT_GE(store().flushes, 1u);
}

TEST_F(SanitizeTest, BlockEraseIsForThinDisksWhichThenReadZeros) {
  EXPECT_EQ(send({0x12, 1, 0xb1, 0, 255, 0}).data[7], 0x40);
  make();
  EXPECT_EQ(send({0x12, 1, 0xb1, 0, 255, 0}).data[7], 0);
  expect_invalid_field(send(block_erase), Field{1, 4, 5});
}

TEST_F(SanitizeTest, OverwriteRepeatsItsPatternInEveryBlock) {
  put(0, pattern(8, 5));
  EXPECT_EQ(send(overwrite(7), {1, 0, 0, 3, 1, 2, 3}).status, Status::good);
  const Block two = get(254, 2);
  ASSERT_EQ(two.size(), 1024u);
  for (std::size_t at = 0; at < two.size(); ++at) ASSERT_EQ(two[at], at % 512 % 3 + 1) << at;
}

TEST_F(SanitizeTest, OverwriteInvertsBetweenItsPassesAndTheLastOneLeavesThePattern) {
  for (const std::uint8_t passes : List{1, 2, 3}) {
    store().script().takes = 1s;
    const auto running = bench().start(Lun{0}, overwrite(5), {static_cast<std::uint8_t>(0x80 | passes), 0, 0, 1, 0x0f});
    bench().reactor().advance(1500ms);
    EXPECT_EQ(on_medium(200 * 512), passes % 2 != 0 ? 0x0f : 0xf0) << "after the first of " << int{passes};
    finish();
    EXPECT_EQ(running->status, Status::good);
    EXPECT_EQ(on_medium(200 * 512), 0x0f) << "after " << int{passes};
  }
}

TEST_F(SanitizeTest, EveryPassOfAnOverwriteReachesTheMedium) {
  const unsigned before = store().flushes;
  EXPECT_EQ(send(overwrite(5), {3, 0, 0, 1, 0x0f}).status, Status::good);
  EXPECT_EQ(store().flushes, before + 3);
}

TEST_F(SanitizeTest, AListOfWhichLessComesThanTheCommandSaysBeginsNothing) {
  put(0, pattern(8, 5));
  expect_sense(send(overwrite(7), {1, 0, 0, 1, 0x0f}), Sense::parameter_list_length_error());
  expect_sense(send(overwrite(7), {1, 0}), Sense::parameter_list_length_error());
  EXPECT_EQ(get(0, 8), pattern(8, 5));
}

TEST_F(SanitizeTest, WorksInTheBackgroundAndTellsHowFarItIs) {
  put(0, pattern(8, 5));
  List list(4 + 512, 0x33);
  list[0] = 31;
  list[1] = 0;
  list[2] = 2;
  list[3] = 0;
  EXPECT_EQ(send({0x48, 0x81, 0, 0, 0, 0, 0, 2, 4, 0}, list).status, Status::good);
  bench().reactor().advance(std::chrono::milliseconds(10));
  expect_sense(send(test_unit_ready), Sense::sanitize_in_progress(0));
  expect_sense(send(read10(0, 1)), Sense::sanitize_in_progress(0));
  expect_sense(send({0x15, 0x10, 0, 0, 4, 0}, List(4)), Sense::sanitize_in_progress(0));
  expect_sense(send(block_erase), Sense::sanitize_in_progress(0));
  expect_sense(send(format()), Sense::sanitize_in_progress(0));
  EXPECT_EQ(send({0x12, 0, 0, 0, 255, 0}).status, Status::good);
  EXPECT_EQ(send({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}).status, Status::good);
  const auto sense = send(request_sense);
  EXPECT_EQ(sense.status, Status::good);
  EXPECT_EQ(sense.data[2], 0x02);
  EXPECT_EQ(sense.data[12], 0x04);
  EXPECT_EQ(sense.data[13], 0x1b);
  EXPECT_EQ(sense.data[15], 0x80);
  EXPECT_GT(sense.data[16], 0);
  finish();
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
  EXPECT_THAT(get(0, 8), Each(0x33));
}

TEST_F(SanitizeTest, OthersHearOfItWhileItsOwnCommandWaits) {
  make({.capacity = 16 << 20}, {});
  const auto waiting = bench().start(Lun{0}, overwrite(5), {1, 0, 0, 1, 0x77});
  bench().reactor().advance(std::chrono::milliseconds(2));
  expect_sense(send(test_unit_ready), Sense::sanitize_in_progress(0));
  expect_sense(send(read10(0, 1)), Sense::sanitize_in_progress(0));
  EXPECT_FALSE(waiting->answered);
  finish();
  EXPECT_TRUE(waiting->answered);
  EXPECT_EQ(waiting->status, Status::good);
  EXPECT_THAT(get(0, 1), Each(0x77));
}

TEST_F(SanitizeTest, ThatFailedLeavesAMediumThatOnlyAnotherOneMends) {
  fail_a_sanitize();
  expect_sense(send(test_unit_ready), Sense::sanitize_command_failed());
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
  expect_sense(send(format()), Sense::sanitize_command_failed());
  expect_invalid_field(send(exit_failure_mode), Field{1, 4, 5});
  EXPECT_EQ(send(block_erase).status, Status::good);
  EXPECT_THAT(get(0, 1), Each(0));
}

TEST_F(SanitizeTest, ThatFailedWithLeaveToExitIsEndedByExitFailureMode) {
  EXPECT_EQ(send(exit_failure_mode).status, Status::good) << "there is no failure";
  fail_a_sanitize(0x20);
  EXPECT_EQ(send(exit_failure_mode).status, Status::good);
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

TEST_F(SanitizeTest, ThatFailedWithoutLeaveToExitIsNotFollowedByOneWithIt) {
  fail_a_sanitize();
  expect_invalid_field(send(overwrite(5, 0x20), {1, 0, 0, 1, 0xaa}), Sanitize::allow_unrestricted_exit);
  expect_invalid_field(send({0x48, 0x22, 0, 0, 0, 0, 0, 0, 0, 0}), Sanitize::allow_unrestricted_exit);
  expect_invalid_field(send(exit_failure_mode), Field{1, 4, 5});
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
  EXPECT_EQ(send(overwrite(5), {1, 0, 0, 1, 0xaa}).status, Status::good);
  EXPECT_EQ(send(overwrite(5, 0x20), {1, 0, 0, 1, 0xaa}).status, Status::good);
}

TEST_F(SanitizeTest, ThatFailedWithLeaveToExitLosesItToOneWithout) {
  fail_a_sanitize(0x20);
  fail_a_sanitize();
  expect_invalid_field(send(exit_failure_mode), Field{1, 4, 5});
  expect_invalid_field(send(overwrite(5, 0x20), {1, 0, 0, 1, 0xaa}), Sanitize::allow_unrestricted_exit);
}

TEST_F(SanitizeTest, ThatFailedServesNothingElseEvenWhatReachesNoBlocks) {
  make({}, {.removable = true, .thin_provisioning = true});
  fail_a_sanitize();
  for (const List& cdb : {List{0x1a, 0, 0x3f, 0, 255, 0}, List{0x1b, 0, 0, 0, 2, 0}, List{0x1e, 0, 0, 0, 1, 0}}) {
    expect_sense(send(cdb), Sense::sanitize_command_failed());
  }
  EXPECT_EQ(send({0x12, 0, 0, 0, 255, 0}).status, Status::good);
  EXPECT_EQ(send(request_sense).status, Status::good);
}

TEST_F(SanitizeTest, RefusesListsThatMakeNoSense) {
  put(0, pattern(1, 5));
  for (const std::uint8_t length : List{0, 1, 4}) {
    expect_invalid_field(send(overwrite(length), List(length)), SanitizeOverwrite::parameter_list_length);
  }
  expect_invalid_field(send({0x48, 1, 0, 0, 0, 0, 0, 2, 5, 0}, List(517)), SanitizeOverwrite::parameter_list_length);
  expect_pointer(send(overwrite(5), {0, 0, 0, 1, 7}), 0);
  expect_pointer(send(overwrite(5), {0x21, 0, 0, 1, 7}), 0);
  expect_pointer(send(overwrite(5), {1, 1, 0, 1, 7}), 1);
  expect_pointer(send(overwrite(5), {1, 0, 0, 0, 7}), 2);
  expect_pointer(send(overwrite(5), {1, 0, 2, 1, 7}), 2);
  expect_sense(send(overwrite(5), {1, 0, 0, 2, 7}), Sense::parameter_list_length_error());
  expect_sense(send(overwrite(6), {1, 0, 0, 1, 7, 7}), Sense::parameter_list_length_error());
  expect_sense(send(overwrite(6), {1, 0, 0, 2, 7}), Sense::parameter_list_length_error());
  EXPECT_EQ(get(0, 1), pattern(1, 5));
}

TEST_F(SanitizeTest, EncryptsNothingAndSoErasesNoKey) {
  expect_invalid_field(send({0x48, 3, 0, 0, 0, 0, 0, 0, 0, 0}), Field{1, 4, 5});
}

TEST_F(SanitizeTest, NeedsAMediumThatMayBeWritten) {
  make({}, {.read_only = true, .thin_provisioning = true});
  expect_sense(send(block_erase), Sense::write_protected());
  expect_sense(send(format()), Sense::write_protected());
  make({}, {.removable = true, .thin_provisioning = true});
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  expect_sense(send(block_erase), Sense::medium_not_present());
  expect_sense(send(format()), Sense::medium_not_present());
}

TEST_F(SanitizeTest, EndsWhereItStandsWhenTheDiskGoes) {
  make({.capacity = 64 << 20}, {.thin_provisioning = true});
  EXPECT_EQ(send(block_erase_immediate).status, Status::good);
  make();  // the bench of the old disk ends without being given the time that the job needs
}

TEST_F(FormatTest, LeavesZeros) {
  make();
  put(0, pattern(8, 5));
  EXPECT_EQ(send(format()).status, Status::good);
  EXPECT_THAT(get(0, 8), Each(0));
  EXPECT_EQ(store().discards, 0u);
  put(0, pattern(8, 5));
  EXPECT_EQ(send(format(0x10), {0, 0, 0, 0}).status, Status::good);
  EXPECT_THAT(get(0, 8), Each(0));
  EXPECT_EQ(send(format(0x30), {0, 0x80, 0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(FormatTest, GivesTheSpaceOfAThinDiskBack) {
  make({}, {.thin_provisioning = true});
  put(0, pattern(8, 5));
  EXPECT_EQ(send(format()).status, Status::good);
  EXPECT_THAT(get(0, 8), Each(0));
  EXPECT_EQ(store().discards, 1u);
}

TEST_F(FormatTest, WritesThePatternOfItsList) {
  EXPECT_EQ(send(format(0x10), {0, 0xa8, 0, 0, 0, 1, 0, 2, 0xab, 0xcd}).status, Status::good);
  const Block block = get(9, 1);
  EXPECT_EQ(block[0], 0xab);
  EXPECT_EQ(block[511], 0xcd);
}

TEST_F(FormatTest, WorksInTheBackgroundWhenAskedTo) {
  EXPECT_EQ(send(format(0x10), {0, 0x02, 0, 0}).status, Status::good);
  const auto answer = send(test_unit_ready);
  expect_sense(answer, Sense::format_in_progress(0));
  EXPECT_TRUE(answer.sense->progress);
  finish();
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
}

TEST_F(FormatTest, WhileItRunsNobodyWaitsForIt) {
  const auto running = bench().start(Lun{0}, format());
  bench().reactor().settle();
  const TimePoint began = bench().reactor().shard().now();
  expect_sense(send(format()), Sense::format_in_progress(0));
  expect_sense(send(block_erase), Sense::format_in_progress(0));
  const auto ordered = bench().start(Lun{0}, test_unit_ready, {}, TaskAttribute::ordered);
  const auto inquiry = bench().start(Lun{0}, {0x12, 0, 0, 0, 36, 0});
  bench().reactor().settle();
  EXPECT_TRUE(inquiry->answered);
  ASSERT_TRUE(ordered->answered);
  expect_sense(*ordered, Sense::format_in_progress(0));
  EXPECT_EQ(bench().reactor().shard().now(), began);
  EXPECT_FALSE(running->answered);
  finish();
  EXPECT_EQ(running->status, Status::good);
  EXPECT_EQ(send(format()).status, Status::good);
}

TEST_F(FormatTest, AnEjectThatCameBeforeItAndRunsAfterItHasBegunEjectsNothing) {
  make({.flush_takes = 1s}, {.removable = true});
  const auto flush = bench().start(Lun{0}, {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto formatting = bench().start(Lun{0}, format(0x10), {0, 0x02, 0, 0});
  const auto eject = bench().start(Lun{0}, {0x1b, 0, 0, 0, 2, 0});
  bench().reactor().settle();
  EXPECT_FALSE(formatting->answered) << "it waits for the flush";
  bench().reactor().advance(1s);
  ASSERT_TRUE(formatting->answered);
  EXPECT_EQ(formatting->status, Status::good);
  ASSERT_TRUE(eject->answered);
  expect_sense(*eject, Sense::format_in_progress(0));
  finish();
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
}

TEST_F(FormatTest, CertifiesUnlessToldNotTo) {
  store().script().bad_from.reset();
  store().script().read_bad_from = 4096;
  EXPECT_EQ(send(format(0x10), {0, 0xa0, 0, 0}).status, Status::good) << "DCRT";
  EXPECT_EQ(send(format(0x10), {0, 0, 0, 0}).status, Status::good) << "our default";
  expect_sense(send(format(0x10), {0, 0x80, 0, 0}), Sense::format_command_failed());
  expect_sense(send(read10(0, 1)), Sense::medium_format_corrupted());
  store().script().read_bad_from.reset();
  EXPECT_EQ(send(format()).status, Status::good);
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

// What a program does that is to repair it: sg_format asks for the mode parameters first.
TEST_F(FormatTest, ThatFailedHindersNothingThatReachesNoBlocks) {
  make({}, {.removable = true, .thin_provisioning = true});
  fail_a_format();
  const std::pair<List, List> served[] = {{{0x1a, 0, 0x3f, 0, 255, 0}, {}},
                                          {{0x5a, 0, 0x01, 0, 0, 0, 0, 0, 252, 0}, {}},
                                          {{0x15, 0x10, 0, 0, 4, 0}, List(4)},
                                          {{0x4c, 0x02, 0x40, 0, 0, 0, 0, 0, 0, 0}, {}},
                                          {{0x4d, 0, 0x40, 0, 0, 0, 0, 0, 252, 0}, {}},
                                          {{0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0}, {}},
                                          {{0x3c, 0x03, 0, 0, 0, 0, 0, 0, 4, 0}, {}},
                                          {{0x1e, 0, 0, 0, 1, 0}, {}},
                                          {{0x1e, 0, 0, 0, 0, 0}, {}},
                                          {{0x1b, 0, 0, 0, 0, 0}, {}},
                                          {{0x1b, 0, 0, 0, 1, 0}, {}},
                                          {{0x1b, 0, 0, 0, 2, 0}, {}}};
  for (const auto& [cdb, list] : served) EXPECT_EQ(send(cdb, list).status, Status::good) << int{cdb[0]};
  expect_sense(send(test_unit_ready), Sense::medium_not_present());
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::good);
  expect_sense(send(test_unit_ready), Sense::medium_format_corrupted());
  EXPECT_EQ(send(format()).status, Status::good);
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
}

TEST_F(FormatTest, ThatFailedLetsNothingReachItsBlocks) {
  make({.atomic_unit = 4096}, {.thin_provisioning = true});
  fail_a_format();
  const auto of_16_bytes = [](std::uint8_t code) { return List{code, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}; };
  const auto of_10_bytes = [](std::uint8_t code) { return List{code, 0, 0, 0, 0, 0, 0, 0, 1, 0}; };
  const List block(512);
  const List unmapping{0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  const std::pair<List, List> refused[] = {{test_unit_ready, {}},
                                           {{0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {}},
                                           {{0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}, {}},
                                           {{0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}, {}},
                                           {{0x37, 0, 0, 0, 0, 0, 0, 0, 8, 0}, {}},
                                           {{0x08, 0, 0, 0, 1, 0}, {}},
                                           {{0x0a, 0, 0, 0, 1, 0}, block},
                                           {of_10_bytes(0x28), {}},
                                           {of_10_bytes(0x2a), block},
                                           {of_10_bytes(0x2e), block},
                                           {of_10_bytes(0x2f), {}},
                                           {of_10_bytes(0x34), {}},
                                           {of_10_bytes(0x35), {}},
                                           {of_10_bytes(0x41), block},
                                           {{0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, unmapping},
                                           {of_16_bytes(0x88), {}},
                                           {of_16_bytes(0x89), List(1024)},
                                           {of_16_bytes(0x8a), block},
                                           {of_16_bytes(0x8b), block},
                                           {of_16_bytes(0x91), {}},
                                           {of_16_bytes(0x93), block},
                                           {{0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0}, List(4096)},
                                           {{0x83, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0}, List(32)},
                                           {{0x83, 0x11, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 40, 0, 0}, List(552)}};
  for (const auto& [cdb, data] : refused) {
    SCOPED_TRACE(testing::Message() << std::hex << int{cdb[0]});
    expect_sense(send(cdb, data), Sense::medium_format_corrupted());
  }
  EXPECT_EQ(on_medium(0), 0xaa);
}

TEST_F(FormatTest, AMomentWithoutMemoryDelaysIt) {
  for (const List& list : {List{0, 0xa8, 0, 0, 0, 1, 0, 1, 0x5a}, List{0, 0x80, 0, 0}}) {
    auto taken = take_memory();
    const auto running = bench().start(Lun{0}, format(0x10), list);
    bench().reactor().advance(10s);
    EXPECT_FALSE(running->answered);
    expect_sense(send(test_unit_ready), Sense::format_in_progress(0));
    taken.clear();
    finish();
    EXPECT_EQ(running->status, Status::good);
  }
}

TEST_F(FormatTest, MakesDoWithLittleMemory) {
  make({.capacity = 1 << 20}, {.block_size = {.exponent = 12}});
  const auto taken = take_memory(4096);
  EXPECT_EQ(send(format(0x10), {0, 0x88, 0, 0, 0, 1, 0, 1, 0x5a}).status, Status::good);
  EXPECT_EQ(on_medium((1 << 20) - 1), 0x5a);
}

TEST_F(FormatTest, AStoreThatIsOutOfMemoryForAMomentDelaysIt) {
  constexpr auto no_memory = IoFault::Kind::no_resources;
  const FaultStore::Script scripts[] = {{.write_bad_from = 4096, .fault = no_memory},
                                        {.read_bad_from = 4096, .fault = no_memory},
                                        {.fault = no_memory, .flush_fails = true}};
  for (const FaultStore::Script& script : scripts) {
    make(script, {});
    const auto running = bench().start(Lun{0}, format(0x10), {0, 0x88, 0, 0, 0, 1, 0, 1, 0x5a});
    bench().reactor().advance(10s);
    EXPECT_FALSE(running->answered);
    store().script() = {};
    finish();
    EXPECT_EQ(running->status, Status::good);
    EXPECT_EQ(on_medium((1 << 20) - 1), 0x5a);
  }
}

TEST_F(FormatTest, ThatWaitsForMemoryEndsWithTheDisk) {
  auto taken = take_memory();
  const auto running = bench().start(Lun{0}, format(0x10), {0, 0xaa, 0, 0, 0, 1, 0, 1, 0x5a});
  bench().reactor().settle();
  EXPECT_EQ(running->status, Status::good);
  EXPECT_TRUE(bench().reactor().run(disk().close(bench().reactor().shard())));
}

TEST_F(FormatTest, RefusesWhatItCannotDo) {
  put(0, pattern(1, 5));
  expect_invalid_field(send(format(0x80)), Field{1, 7, 1});
  expect_invalid_field(send(format(0x20)), FormatUnit::long_list);
  expect_invalid_field(send(format(0x08)), FormatUnit::complete_list);
  expect_invalid_field(send(format(0x05)), FormatUnit::defect_list_format);
  expect_invalid_field(send(format(0x16), {0, 0, 0, 0}), FormatUnit::defect_list_format);
  expect_pointer(send(format(0x10), {1, 0, 0, 0}), 0);
  expect_pointer(send(format(0x10), {0, 0x20, 0, 0}), 1);
  expect_pointer(send(format(0x10), {0, 0x08, 0, 0}), 1);
  expect_pointer(send(format(0x10), {0, 0, 0, 8}), 2);
  expect_pointer(send(format(0x30), {0, 0, 0, 1, 0, 0, 0, 0}), 3);
  expect_pointer(send(format(0x30), {0, 0, 0, 0, 0, 0, 0, 8}), 4);
  expect_pointer(send(format(0x10), {0, 0xa8, 0, 0, 0x20, 1, 0, 1, 1}), 4);
  expect_pointer(send(format(0x10), {0, 0xa8, 0, 0, 0, 2, 0, 1, 1}), 5);
  expect_pointer(send(format(0x10), {0, 0xa8, 0, 0, 0, 1, 0, 0}), 6);
  expect_pointer(send(format(0x10), {0, 0xa8, 0, 0, 0, 0, 0, 1, 1}), 6);
  expect_pointer(send(format(0x10), {0, 0xa8, 0, 0, 0, 1, 2, 1, 1}), 6);
  EXPECT_EQ(get(0, 1), pattern(1, 5));
}

TEST_F(FormatTest, RefusesListsThatAreCut) {
  expect_sense(send(format(0x10)), Sense::parameter_list_length_error());
  expect_sense(send(format(0x10), {0, 0, 0}), Sense::parameter_list_length_error());
  expect_sense(send(format(0x30), {0, 0, 0, 0}), Sense::parameter_list_length_error());
  expect_sense(send(format(0x10), {0, 0xa8, 0, 0}), Sense::parameter_list_length_error());
  expect_sense(send(format(0x10), {0, 0xa8, 0, 0, 0, 1, 0, 2, 1}), Sense::parameter_list_length_error());
}

}  // namespace
}  // namespace tgt
