// SPDX-License-Identifier: Apache-2.0
// An initiator sends the data of a command when it likes: what becomes of the disk meanwhile counts.
#include "device/disk/disk_fixture.h"

namespace tgt {
namespace {

using List = std::vector<std::uint8_t>;

struct LateCommand {
  const char* name;
  List cdb;  // of the block at 1536
  List data;
  bool writes = true;
};

class LateDataTest : public DiskFixture, public testing::WithParamInterface<LateCommand> {
 protected:
  static constexpr std::uint64_t at = 1536;

  void SetUp() override {
    make({.capacity = blocks * 512, .atomic_unit = 4096, .capacity_later = blocks * 256},
         {.removable = true, .thin_provisioning = true});
    ASSERT_EQ(send({0x2a, 0, 0, 0, 6, 0, 0, 0, 1, 0}, pattern(1, 7)).status, Status::good);
    bench().withhold_data();
    late_ = bench().start(Lun{0}, GetParam().cdb, GetParam().data);
    bench().reactor().settle();
    ASSERT_FALSE(late_->answered);
  }
  void send_data() {
    bench().send_data();
    bench().reactor().run_until([this] { return late_->answered; });
  }
  void expect_refused(const Sense& sense) {
    expect_sense(*late_, sense);
    EXPECT_EQ(store().writes + store().discards, changes_) << "the medium was changed";
  }
  // What tgtadm does.
  void configure(std::string_view name, std::string_view value) {
    ASSERT_TRUE(disk().configure(name, value));
    changes_ = store().writes + store().discards;
  }

  std::shared_ptr<DeviceBench::Answer> late_;
  unsigned changes_ = 0;
};

TEST_P(LateDataTest, IsCarriedOutWhenNothingHasHappened) {
  send_data();
  const bool differs = !GetParam().writes;
  EXPECT_EQ(late_->status, differs ? Status::check_condition : Status::good);
}

TEST_P(LateDataTest, DoesNotReachAMediumThatWasTakenAway) {
  configure("online", "0");
  send_data();
  expect_refused(Sense::medium_not_present());
}

TEST_P(LateDataTest, DoesNotReachBeyondTheEndOfADiskThatWasCut) {
  bench().reactor().run([](Disk& disk, Shard& shard) -> Task<void> {
    const auto changed = co_await disk.follow_medium(shard);
    EXPECT_EQ(changed.value_or(MediumChange::none), MediumChange::capacity);
  }(disk(), bench().reactor().shard()));
  changes_ = store().writes + store().discards;
  send_data();
  expect_refused(Sense::lba_out_of_range(at));
}

TEST_P(LateDataTest, DoesNotWriteWhatWasWriteProtected) {
  if (!GetParam().writes) return;
  configure("readonly", "1");
  send_data();
  expect_refused(Sense::write_protected());
}

TEST_P(LateDataTest, DoesNotReachAMediumThatIsBeingErased) {
  // SANITIZE, block erase, IMMED.
  ASSERT_EQ(send({0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  send_data();
  EXPECT_EQ(late_->status, Status::check_condition);
  ASSERT_TRUE(late_->sense);
  EXPECT_EQ(late_->sense->key, SenseKey::not_ready);
}

List block(std::size_t count = 1) { return List(512 * count, 1); }
List unmap_list() {
  List list(24);
  list[1] = 22;
  list[3] = 16;
  list[14] = 6;  // 1536
  list[19] = 1;
  return list;
}
List compared() {
  List data = List(1024);
  for (std::size_t i = 0; i < 512; ++i) data[i] = static_cast<std::uint8_t>(7 + i * 3);
  return data;
}

INSTANTIATE_TEST_SUITE_P(
    All, LateDataTest,
    testing::Values(LateCommand{"Write10", {0x2a, 0, 0, 0, 6, 0, 0, 0, 1, 0}, block()},
                    LateCommand{"WriteAndVerify10", {0x2e, 2, 0, 0, 6, 0, 0, 0, 1, 0}, block()},
                    LateCommand{"WriteSame10", {0x41, 0, 0, 0, 6, 0, 0, 0, 1, 0}, block()},
                    LateCommand{"WriteAtomic16", {0x9c, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 8, 0, 0}, block(8)},
                    LateCommand{"OrWrite16", {0x8b, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1, 0, 0}, block()},
                    LateCommand{"CompareAndWrite", {0x89, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1, 0, 0}, compared()},
                    LateCommand{"Verify10", {0x2f, 2, 0, 0, 6, 0, 0, 0, 1, 0}, block(), false},
                    LateCommand{"Unmap", {0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, unmap_list()}),
    [](const auto& info) { return info.param.name; });

// FORMAT UNIT and SANITIZE begin when their lists are here, and only one of them does.
TEST_F(DiskFixture, OfTwoThatEraseTheMediumTheOneWhoseListIsHereFirstDoes) {
  make({.takes = 1ms}, {.thin_provisioning = true});
  bench().withhold_data();
  const auto late = bench().start(Lun{0}, {0x04, 0x10, 0, 0, 0, 0}, {0, 0x02, 0, 0});
  bench().reactor().settle();
  ASSERT_EQ(send({0x48, 0x82, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  bench().send_data();
  bench().reactor().run_until([&] { return late->answered; });
  EXPECT_EQ(late->status, Status::check_condition);
  ASSERT_TRUE(late->sense);
  EXPECT_EQ(late->sense->key, SenseKey::not_ready);
}

}  // namespace
}  // namespace tgt
