// SPDX-License-Identifier: Apache-2.0
// FORMAT UNIT and SANITIZE that the daemon's end cut short: what is found after its next start.
#include "device/disk/disk_fixture.h"
#include "device/disk/keeping_store.h"

namespace tgt {
namespace {

using testing::Each;
using List = std::vector<std::uint8_t>;

const List test_unit_ready{0, 0, 0, 0, 0, 0};
const List format{0x04, 0, 0, 0, 0, 0};
const List exit_failure_mode{0x48, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0};
const List overwrite_list{1, 0, 0, 1, 0xaa};
List overwrite(std::uint8_t flags = 0) { return {0x48, static_cast<std::uint8_t>(flags | 1), 0, 0, 0, 0, 0, 0, 5, 0}; }
constexpr std::uint8_t immediate = 0x80;
constexpr std::uint8_t allow_unrestricted_exit = 0x20;

class MediumRestartTest : public DiskFixture {
 protected:
  // The daemon starts, with this medium in the disk.
  void start(const std::string& path = "/disk") {
    make({.capacity = 16 << 20, .path = path}, {});
    ASSERT_TRUE(keep_in(kept_));
  }
  bool keep_in(Kept& kept) {
    const auto before = kept.blob.empty() ? std::nullopt : std::optional<Bytes>(kept.blob);
    return disk().keep_medium_state_in(std::make_unique<KeepingStore>(kept), before);
  }
  // What a command of the daemon leaves that is killed in the middle of it.
  void cut_short(List cdb, List data) {
    start();
    const auto running = bench().start(Lun{0}, std::move(cdb), std::move(data));
    ASSERT_NE(send(test_unit_ready).status, Status::good);
    const List at_that_moment = kept_.blob;
    bench().reactor().advance(std::chrono::seconds(60));
    kept_.blob = at_that_moment;
  }

  Kept kept_;
};

TEST_F(MediumRestartTest, ASanitizeThatWasCutShortHasFailedAndOnlyAnotherOneMendsIt) {
  cut_short(overwrite(immediate), overwrite_list);
  start();
  expect_sense(send(test_unit_ready), Sense::sanitize_command_failed());
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
  expect_sense(send(format), Sense::sanitize_command_failed());
  expect_invalid_field(send(exit_failure_mode), Field{1, 4, 5});
  EXPECT_EQ(send(overwrite(), overwrite_list).status, Status::good);
  EXPECT_THAT(get(0, 1), Each(0xaa));
  start();
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
}

TEST_F(MediumRestartTest, ASanitizeWithLeaveToExitIsLeftForGood) {
  cut_short(overwrite(immediate | allow_unrestricted_exit), overwrite_list);
  start();
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
  kept_.fails = true;
  expect_sense(send(exit_failure_mode), Sense::internal_target_failure());
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
  kept_.fails = false;
  EXPECT_EQ(send(exit_failure_mode).status, Status::good);
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
  start();
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

TEST_F(MediumRestartTest, ASanitizeThatWasCutShortIsNotLoosenedByOneWithLeaveToExit) {
  cut_short(overwrite(immediate), overwrite_list);
  for (int starts = 0; starts < 2; ++starts) {
    start();
    expect_invalid_field(send(overwrite(allow_unrestricted_exit), overwrite_list), Field{1, 5, 1});
    expect_invalid_field(send(exit_failure_mode), Field{1, 4, 5});
  }
}

TEST_F(MediumRestartTest, AFormatThatWasCutShortIsCorruptedUntilOneSucceeds) {
  cut_short(format, {});
  start();
  expect_sense(send(test_unit_ready), Sense::medium_format_corrupted());
  expect_sense(send(read10(0, 1)), Sense::medium_format_corrupted());
  EXPECT_EQ(send(format).status, Status::good);
  start();
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

TEST_F(MediumRestartTest, OneThatEndedWellLeavesNothing) {
  start();
  EXPECT_EQ(send(overwrite(), overwrite_list).status, Status::good);
  EXPECT_EQ(send(format).status, Status::good);
  EXPECT_EQ(kept_.saves, 4u);
  start();
  EXPECT_EQ(send(test_unit_ready).status, Status::good);
}

TEST_F(MediumRestartTest, OneThatFailedIsFoundFailed) {
  start();
  store().script().write_bad_from = 4096;
  expect_sense(send(overwrite(), overwrite_list), Sense::sanitize_command_failed());
  start();
  expect_sense(send(test_unit_ready), Sense::sanitize_command_failed());
}

TEST_F(MediumRestartTest, NothingIsOverwrittenThatCouldBeForgotten) {
  start();
  put(0, pattern(1, 5));
  kept_.fails = true;
  for (const auto& answer : {send(overwrite(), overwrite_list), send(format)}) {
    expect_sense(answer, Sense::internal_target_failure());
  }
  EXPECT_EQ(get(0, 1), pattern(1, 5));
  kept_.fails = false;
  EXPECT_EQ(send(format).status, Status::good);
  make({.path = "/disk"}, {});
  put(0, pattern(1, 5));
  expect_sense(send(format), Sense::internal_target_failure());
  EXPECT_EQ(get(0, 1), pattern(1, 5));
}

TEST_F(MediumRestartTest, IsOfTheMediumAndNotOfAnother) {
  cut_short(overwrite(immediate), overwrite_list);
  start("/other");
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
  EXPECT_EQ(send(format).status, Status::good);
  start();
  expect_sense(send(read10(0, 1)), Sense::sanitize_command_failed());
}

TEST_F(MediumRestartTest, DamageIsNotTakenForAnything) {
  cut_short(overwrite(immediate), overwrite_list);
  const List good = kept_.blob;
  for (std::size_t at = 0; at < good.size(); ++at) {
    make({.path = "/disk"}, {});
    Kept damaged{.blob = good};
    damaged.blob[at] ^= 0x10;
    EXPECT_FALSE(keep_in(damaged)) << at;
    if (at == 0) continue;
    damaged.blob.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_FALSE(keep_in(damaged)) << at;
  }
}

TEST_F(MediumRestartTest, ADiskThatIsClosedGivesItsStoresBackThoughItsMediumIsSpoilt) {
  class LentStore final : public StateStore {
   public:
    explicit LentStore(std::shared_ptr<int> lent) : lent_(std::move(lent)) {}
    Task<bool> save(Shard&, List) override { co_return true; }

   private:
    std::shared_ptr<int> lent_;
  };
  cut_short(overwrite(immediate), overwrite_list);
  make({.capacity = 16 << 20, .path = "/disk"}, {});
  const auto lent = std::make_shared<int>();
  EXPECT_TRUE(disk().keep_state_in(std::make_unique<LentStore>(lent), std::nullopt));
  EXPECT_TRUE(disk().keep_medium_state_in(std::make_unique<LentStore>(lent), Bytes(kept_.blob)));
  expect_sense(send(test_unit_ready), Sense::sanitize_command_failed());
  EXPECT_EQ(lent.use_count(), 3);
  EXPECT_TRUE(bench().reactor().run(disk().close(bench().reactor().shard())));
  EXPECT_EQ(lent.use_count(), 1);
}

TEST_F(MediumRestartTest, ASpoiltMediumKeepsTheStoreThatSaysSo) {
  start();
  EXPECT_TRUE(disk().keep_medium_state_in(std::make_unique<KeepingStore>(kept_), std::nullopt));
  const auto running = bench().start(Lun{0}, overwrite(immediate), overwrite_list);
  expect_sense(send(test_unit_ready), Sense::sanitize_in_progress(0));
  EXPECT_FALSE(disk().keep_medium_state_in(nullptr, std::nullopt));
  store().script().write_bad_from = 4096;
  bench().reactor().advance(std::chrono::seconds(60));
  expect_sense(send(test_unit_ready), Sense::sanitize_command_failed());
  EXPECT_FALSE(disk().keep_medium_state_in(nullptr, std::nullopt));
}

}  // namespace
}  // namespace tgt
