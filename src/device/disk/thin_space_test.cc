// SPDX-License-Identifier: Apache-2.0
// What a thin disk tells of the space below it, and the thresholds that initiators set.
#include "device/disk/thin_space.h"

#include "device/disk/disk_fixture.h"
#include "device/primary/log_sense.h"
#include "device/primary/mode_sense.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using List = std::vector<std::uint8_t>;
using Descriptor = mode::ThresholdDescriptor;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint32_t blocks_of_a_set = 2048;  // 1 MiB
const List provisioning_log{0x4d, 0, 0x4c, 0, 0, 0, 0, 1, 0, 0};
const List test_unit_ready{0, 0, 0, 0, 0, 0};

struct ThinSpaceTest : DiskFixture {
  void make_thin() {
    Disk::Options options;
    options.thin_provisioning = true;
    make({.capacity = 16 * mebibyte}, options);
  }
  // Enables thresholds: so many sets available, so many used.
  DeviceBench::Answer enable(std::optional<std::uint32_t> available, std::optional<std::uint32_t> used) {
    mode::LogicalBlockProvisioning page;
    const auto set = [](Descriptor& descriptor, std::optional<std::uint32_t> count) {
      if (!count) return;
      descriptor.flags |= Descriptor::enabled;
      descriptor.count = *count;
    };
    set(page.thresholds[0], available);
    set(page.thresholds[1], used);
    List list(4);
    list.insert(list.end(), bytes_of(page).begin(), bytes_of(page).end());
    return send({0x15, 0x10, 0, 0, static_cast<std::uint8_t>(list.size()), 0}, list);
  }
  DeviceBench::Answer write(std::uint32_t set, std::uint32_t count = blocks_of_a_set) {
    const std::uint32_t lba = set * blocks_of_a_set;
    List cdb{0x2a, 0};
    for (const unsigned shift : {24u, 16u, 8u, 0u}) cdb.push_back(static_cast<std::uint8_t>(lba >> shift));
    cdb.insert(cdb.end(), {0, static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count), 0});
    return send(cdb, List(count * std::size_t{512}, 1));
  }
  void fill(std::uint32_t first_set, std::uint32_t sets) {
    for (std::uint32_t set = first_set; set < first_set + sets; ++set) EXPECT_EQ(write(set).status, Status::good);
  }
  DeviceBench::Answer unmap_blocks(std::uint32_t lba, std::uint32_t count) {
    List list(24);
    list[1] = 22;
    list[3] = 16;
    Field{12, 7, 32}.write(list, lba);
    Field{16, 7, 32}.write(list, count);
    return send({0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}, list);
  }
  DeviceBench::Answer unmap(std::uint32_t first_set, std::uint32_t sets) {
    return unmap_blocks(first_set * blocks_of_a_set, sets * blocks_of_a_set);
  }
  // The unit attention of the threshold whose descriptor stands there.
  void expect_told(const DeviceBench::Answer& answer, std::uint64_t descriptor) {
    expect_sense(answer, Sense::thin_provisioning_soft_threshold_reached(descriptor));
    EXPECT_EQ(answer.sense->information, descriptor);
  }
  void expect_quiet() { EXPECT_EQ(send(test_unit_ready).status, Status::good); }
  void wait(Duration time) {
    const auto task = [](Shard& shard, Duration how_long) -> Task<void> { co_await shard.sleep(how_long); };
    EXPECT_TRUE(bench().reactor().run(task(bench().reactor().shard(), time)));
  }
};
constexpr std::uint64_t available_descriptor = 16;
constexpr std::uint64_t used_descriptor = 24;

TEST_F(ThinSpaceTest, ADiskThatIsNotThinHasNone) {
  EXPECT_EQ(send({0x12, 1, 0xb2, 0, 255, 0}).data[4], 0) << "THRESHOLD EXPONENT";
  expect_invalid_field(send(provisioning_log), LogSense::page_code);
  expect_invalid_field(send({0x1a, 8, 0x1c, 0x02, 255, 0}), ModeSense6::subpage_code);
  EXPECT_EQ(enable(std::nullopt, 1).sense->field->byte, 4);
  EXPECT_EQ(send({0x1a, 8, 0x01, 0, 255, 0}).data[4 + 7], 0) << "LBPERE";
}

TEST_F(ThinSpaceTest, PagesAgreeOnceADiskBecomesThin) {
  EXPECT_TRUE(bench().device().configure("thin_provisioning", "1"));
  EXPECT_EQ(send({0x12, 1, 0xb2, 0, 255, 0}).data[4], 11) << "THRESHOLD EXPONENT";
  EXPECT_EQ(send({0x1a, 8, 0x1c, 0x02, 255, 0}).data.size(), 4u + 32);
  EXPECT_EQ(send({0x1a, 8, 0x01, 0, 255, 0}).data[4 + 7], 0x80) << "LBPERE";
  EXPECT_EQ(send(provisioning_log).data.size(), 4u + 24);
  EXPECT_TRUE(bench().device().configure("thin_provisioning", "0"));
  expect_invalid_field(send({0x1a, 8, 0x1c, 0x02, 255, 0}), ModeSense6::subpage_code);
}

TEST_F(ThinSpaceTest, TheLogTellsWhatIsThereInWholeSets) {
  make_thin();
  EXPECT_EQ(write(0, 1).status, Status::good);
  EXPECT_THAT(send(provisioning_log).data,
              ElementsAre(0x8c, 0, 0, 24, 0, 1, 3, 8, 0, 0, 0, 15, 1, 0, 0, 0, 0, 2, 3, 8, 0, 0, 0, 1, 1, 0, 0, 0));
  fill(1, 3);
  EXPECT_EQ(send(provisioning_log).data[11], 12) << "available";
  EXPECT_EQ(send(provisioning_log).data[23], 4) << "used";
  EXPECT_EQ(unmap(0, 16).status, Status::good);
  EXPECT_EQ(send(provisioning_log).data[11], 16);
  EXPECT_EQ(send(provisioning_log).data[23], 0);
}

TEST_F(ThinSpaceTest, EveryInitiatorHearsOnceThatSoMuchIsUsed) {
  make_thin();
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, test_unit_ready).status, Status::check_condition);
  EXPECT_EQ(enable(std::nullopt, 4).status, Status::good);
  expect_sense(bench().send_as(other, test_unit_ready), Sense::mode_parameters_changed());
  fill(0, 3);
  expect_quiet();
  EXPECT_EQ(write(3).status, Status::good);
  expect_told(send(test_unit_ready), used_descriptor);
  expect_told(bench().send_as(other, test_unit_ready), used_descriptor);
  fill(0, 8);
  wait(2 * ThinSpace::between_looks);
  fill(8, 1);
  expect_quiet();
  EXPECT_EQ(bench().send_as(other, test_unit_ready).status, Status::good);
}

TEST_F(ThinSpaceTest, TheyHearOfWhatIsLeftToo) {
  make_thin();
  EXPECT_EQ(enable(12, std::nullopt).status, Status::good);
  fill(0, 3);
  expect_quiet();
  EXPECT_EQ(write(3).status, Status::good);
  expect_told(send(test_unit_ready), available_descriptor);
  expect_quiet();
}

TEST_F(ThinSpaceTest, OfTwoThatAreReachedAtOnceBothAreTold) {
  make_thin();
  EXPECT_EQ(enable(12, 4).status, Status::good);
  fill(0, 4);
  expect_told(send(test_unit_ready), available_descriptor);
  expect_told(send(test_unit_ready), used_descriptor);
  expect_quiet();
}

TEST_F(ThinSpaceTest, AThresholdIsArmedAgainOnlyOnceItsRangeWasLeft) {
  make_thin();
  EXPECT_EQ(enable(std::nullopt, 4).status, Status::good);
  fill(0, 4);
  expect_told(send(test_unit_ready), used_descriptor);
  EXPECT_EQ(unmap_blocks(0, 8).status, Status::good);
  EXPECT_EQ(write(3).status, Status::good) << "looks, and finds a little less";
  EXPECT_EQ(write(0, 8).status, Status::good);
  wait(2 * ThinSpace::between_looks);
  EXPECT_EQ(write(0, 8).status, Status::good);
  expect_quiet();
  EXPECT_EQ(unmap(0, 2).status, Status::good);
  EXPECT_EQ(write(3).status, Status::good) << "looks, and finds much less";
  fill(0, 2);
  expect_told(send(test_unit_ready), used_descriptor);
}

TEST_F(ThinSpaceTest, TheAdministratorSetsThresholdsToo) {
  make_thin();
  EXPECT_TRUE(bench().device().configure("mode_page",
                                         "0x1c:2:28:0:0:0:0:0:0:0:0:0:0:0:0:0x80:1:0:0:0:0:0x28:0:1:2:0:0:0:0:0:0"));
  EXPECT_EQ(write(0, 1).status, Status::good);
  expect_told(send(test_unit_ready), available_descriptor);
}

TEST_F(ThinSpaceTest, AThresholdIsThereAgainWithProvisioning) {
  make_thin();
  EXPECT_EQ(enable(std::nullopt, 4).status, Status::good);
  EXPECT_TRUE(bench().device().configure("thin_provisioning", "0"));
  fill(0, 5);
  expect_quiet();
  EXPECT_TRUE(bench().device().configure("thin_provisioning", "1"));
  EXPECT_EQ(write(0, 1).status, Status::good);
  expect_told(send(test_unit_ready), used_descriptor);
}

TEST_F(ThinSpaceTest, OneThatIsReachedWhenItIsSetIsToldOfWithTheNextWrite) {
  make_thin();
  fill(0, 6);
  EXPECT_EQ(enable(std::nullopt, 4).status, Status::good);
  expect_quiet();
  EXPECT_EQ(write(0, 1).status, Status::good);
  expect_told(send(test_unit_ready), used_descriptor);
  EXPECT_EQ(enable(std::nullopt, 5).status, Status::good);
  EXPECT_EQ(write(0, 1).status, Status::good);
  expect_told(send(test_unit_ready), used_descriptor);
}

TEST_F(ThinSpaceTest, TheStoreIsAskedSeldomAndWithoutAThresholdNever) {
  make_thin();
  fill(0, 2);
  EXPECT_EQ(store().looks_at_space, 0u);
  EXPECT_EQ(enable(std::nullopt, 12).status, Status::good);
  for (unsigned i = 0; i < 1000; ++i) EXPECT_EQ(write(0, 1).status, Status::good);
  EXPECT_EQ(store().looks_at_space, 1u);
  wait(2 * ThinSpace::between_looks);
  EXPECT_EQ(write(0, 1).status, Status::good);
  EXPECT_EQ(store().looks_at_space, 2u);
  fill(2, 10);
  EXPECT_EQ(store().looks_at_space, 3u) << "when all that was left could be used";
  expect_told(send(test_unit_ready), used_descriptor);
}

TEST_F(ThinSpaceTest, WhatEveryKindOfWriteTakesCounts) {
  make_thin();
  EXPECT_EQ(enable(std::nullopt, 2).status, Status::good);
  const List write_same{0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0};
  EXPECT_EQ(send(write_same, List(512, 7)).status, Status::good);
  expect_told(send(test_unit_ready), used_descriptor);
}

TEST_F(ThinSpaceTest, OnlyTheCountAndWhetherItIsEnabledCanBeSet) {
  make_thin();
  mode::LogicalBlockProvisioning page;
  page.flags = 1;
  List list(4);
  list.insert(list.end(), bytes_of(page).begin(), bytes_of(page).end());
  EXPECT_EQ(send({0x15, 0x10, 0, 0, 36, 0}, list).sense->field->byte, 4 + 4) << "SITUA";
  list[4 + 4] = 0;
  list[4 + 24 + 1] = Descriptor::available_resources;
  EXPECT_EQ(send({0x15, 0x10, 0, 0, 36, 0}, list).sense->field->byte, 4 + 24 + 1) << "THRESHOLD RESOURCE";
}

TEST(ThresholdExponentTest, CountsTheWholeDiskWith32Bits) {
  EXPECT_EQ(ThinSpace::exponent(BlockCount(1), BlockSize{.exponent = 9}), 11);
  EXPECT_EQ(ThinSpace::exponent(BlockCount(1), BlockSize{.exponent = 16}), 4);
  for (const unsigned bits : {44u, 52u, 54u}) {
    for (const std::uint64_t blocks : {(std::uint64_t{1} << bits) - 1, std::uint64_t{1} << bits}) {
      const unsigned exponent = ThinSpace::exponent(BlockCount(blocks), BlockSize{.exponent = 9});
      EXPECT_LT(blocks >> exponent, std::uint64_t{1} << 32) << blocks;
    }
  }
}

}  // namespace
}  // namespace tgt
