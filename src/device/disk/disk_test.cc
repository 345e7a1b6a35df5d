// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "device/disk/disk_fixture.h"
#include "device/disk/start_stop_unit.h"
#include "device/primary/inquiry.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

unsigned at16(const std::vector<std::uint8_t>& data, std::size_t at) { return data[at] * 256u + data[at + 1]; }

TEST_F(DiskFixture, SaysWhatItIs) {
  const auto data = send({0x12, 0, 0, 0, 255, 0}).data;
  ASSERT_EQ(data.size(), 74u);
  EXPECT_EQ(data[0], 0x00);
  EXPECT_EQ(data[1], 0x00);
  EXPECT_EQ(std::string(data.begin() + 8, data.begin() + 36), "IET     VIRTUAL-DISK    0001");
}

TEST_F(DiskFixture, ListsItsPages) {
  EXPECT_THAT(send({0x12, 1, 0, 0, 255, 0}).data,
              ElementsAre(0, 0, 0, 10, 0x00, 0x80, 0x83, 0x86, 0x87, 0x88, 0x8f, 0xb0, 0xb1, 0xb2));
}

TEST_F(DiskFixture, EveryPageThatItListsCanBeRead) {
  const auto pages = send({0x12, 1, 0, 0, 255, 0}).data;
  for (const std::uint8_t page : Bytes(pages).subspan(4)) {
    const auto data = send({0x12, 1, page, 4, 0, 0}).data;
    ASSERT_GE(data.size(), 4u);
    EXPECT_EQ(data[1], page);
    EXPECT_EQ(at16(data, 2), data.size() - 4);
  }
}

TEST_F(DiskFixture, BlockLimitsTellTheLargestTransfer) {
  const auto data = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  ASSERT_EQ(data.size(), 64u);
  EXPECT_THAT(std::vector<unsigned>(data.begin() + 8, data.begin() + 12), ElementsAre(0, 0, 0x80, 0));
}

TEST_F(DiskFixture, TellsItsCapacity) {
  EXPECT_THAT(send({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}).data, ElementsAre(0, 0, 0x07, 0xff, 0, 0, 2, 0));
  const auto data = send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data;
  ASSERT_EQ(data.size(), 32u);
  EXPECT_THAT(std::vector<unsigned>(data.begin(), data.begin() + 12),
              ElementsAre(0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 2, 0));
}

TEST_F(DiskFixture, MoreBlocksThan32BitsHoldAreToldAsAllOnes) {
  make({.capacity = std::uint64_t{1} << 42}, {});
  EXPECT_THAT(send({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}).data, ElementsAre(0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0));
  const auto data = send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data;
  EXPECT_EQ(data[3], 1);
  EXPECT_EQ(data[4], 0xff);
}

TEST_F(DiskFixture, AnAddressInReadCapacity10IsRefused) {
  expect_invalid_field(send({0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0}), Field{5, 0, 1});
  expect_invalid_field(send({0x25, 0, 0, 0, 0, 0, 0, 0, 1, 0}), Field{8, 0, 1});
}

TEST_F(DiskFixture, ModeSenseTellsWriteCacheBlocksAndProtection) {
  auto data = send({0x1a, 0, 0x08, 0, 255, 0}).data;
  ASSERT_EQ(data.size(), 4u + 8u + 20u);
  EXPECT_EQ(data[2], 0x10);
  EXPECT_THAT(std::vector<unsigned>(data.begin() + 4, data.begin() + 12), ElementsAre(0, 0, 8, 0, 0, 0, 2, 0));
  EXPECT_EQ(data[12], 0x08);
  EXPECT_EQ(data[14], 0x04);
  make({}, {.read_only = true, .write_cache = false});
  data = send({0x1a, 0x08, 0x08, 0, 255, 0}).data;
  EXPECT_EQ(data[2], 0x90);
  EXPECT_EQ(data[3], 0);
  EXPECT_EQ(data[6], 0);
}

TEST_F(DiskFixture, ModeSense10TellsLongBlockDescriptorsWhenAskedTo) {
  const auto data = send({0x5a, 0x10, 0x08, 0, 0, 0, 0, 1, 0, 0}).data;
  ASSERT_EQ(data.size(), 8u + 16u + 20u);
  EXPECT_EQ(data[4], 1);
  EXPECT_EQ(at16(data, 6), 16u);
}

TEST_F(DiskFixture, AllModePagesComeInOrder) {
  const auto data = send({0x1a, 0x08, 0x3f, 0, 255, 0}).data;
  std::vector<unsigned> pages;
  for (std::size_t at = 4; at < data.size(); at += 2u + data[at + 1]) pages.push_back(data[at]);
  EXPECT_THAT(pages, ElementsAre(0x01, 0x08, 0x0a, 0x1a, 0x1c));
  EXPECT_EQ(data[0], data.size() - 1);
}

TEST_F(DiskFixture, TheAdministratorSwitchesTheWriteCacheOff) {
  EXPECT_TRUE(
      bench().device().configure("mode_page", "8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0"));
  EXPECT_FALSE(disk().write_cache_enabled());
  put(0, pattern(1, 1));
  EXPECT_EQ(store().flushes, 1u);
}

TEST_F(DiskFixture, ASettingThatIsNotTakenComesWithItsReason) {
  make({}, {.removable = true});
  const auto reason = [this](const char* name, const char* value) {
    const auto taken = disk().configure(name, value);
    return taken ? std::string() : taken.error().reason;
  };
  EXPECT_EQ(reason("readonly", "yes"), "it is 0 or 1");
  EXPECT_EQ(reason("rotation_rate", "70000"), "that is too large");
  EXPECT_EQ(reason("rotation_rate", "fast"), "that is no number");
  EXPECT_EQ(reason("colour", "red"), "this device has no such property");
  EXPECT_THAT(reason("mode_page", "8:0"), testing::HasSubstr("PAGE:SUBPAGE:LENGTH"));
  EXPECT_THAT(reason("management_url", "a b"), testing::HasSubstr("URL"));
}

TEST_F(DiskFixture, OnlyModePagesHaveToBeSettledWhileTheCacheIsNotWrittenOut) {
  constexpr auto cache_off = "8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0";
  EXPECT_EQ(disk().configure("readonly", "0").value(), SettingHolds::at_once);
  EXPECT_EQ(disk().configure("mode_page", cache_off).value(), SettingHolds::once_settled);
  EXPECT_EQ(disk().configure("readonly", "1").value(), SettingHolds::at_once) << "though the cache is not settled yet";
  EXPECT_EQ(disk().configure("mode_page", cache_off).value(), SettingHolds::once_settled) << "nor is it for this one";
  EXPECT_TRUE(bench().reactor().run([](Disk& disk, Shard& shard) -> Task<void> {
    const auto unsettled = co_await disk.settle(shard);
    EXPECT_FALSE(unsettled);
  }(disk(), bench().reactor().shard())));
  EXPECT_EQ(disk().configure("mode_page", cache_off).value(), SettingHolds::at_once);
}

TEST_F(DiskFixture, SeveralSettingsMakeOneName) {
  const std::array settings{Setting{.name = "scsi_id", .value = "one"}, Setting{.name = "scsi_sn", .value = "two"}};
  const std::string name = disk().lasting_name_with(settings);
  for (const Setting& setting : settings) EXPECT_TRUE(disk().configure(setting.name, setting.value));
  EXPECT_EQ(disk().lasting_name(), name);
}

TEST_F(DiskFixture, SoftwareWriteProtectionComesFromTheControlPage) {
  EXPECT_TRUE(bench().device().configure("mode_page", "10:0:10:2:0:8:0:0:0:0xff:0xff:0:0"));
  expect_sense(send(write10(0, 1), pattern(1, 1)), Sense::software_write_protected());
  EXPECT_TRUE(disk().describe().software_write_protect);
}

TEST_F(DiskFixture, ManagementNetworkAddressesAreThereOnceTheAdministratorSaysOne) {
  expect_invalid_field(send({0x12, 1, 0x85, 0, 255, 0}), Inquiry::page_code);
  EXPECT_THAT(send({0x12, 1, 0, 0, 255, 0}).data, testing::Not(testing::Contains(0x85)));
  EXPECT_TRUE(bench().device().configure("management_url", "http://a.b"));
  EXPECT_FALSE(bench().device().configure("management_url", "a b"));
  EXPECT_THAT(send({0x12, 1, 0x85, 0, 255, 0}).data, testing::ElementsAre(0, 0x85, 0, 16, 0, 0, 0, 12, 'h', 't', 't',
                                                                          'p', ':', '/', '/', 'a', '.', 'b', 0, 0));
  EXPECT_THAT(send({0x12, 1, 0, 0, 255, 0}).data, testing::Contains(0x85));
}

std::vector<std::uint8_t> caching_list(std::uint8_t flags) {
  std::vector<std::uint8_t> list(4 + 20);
  list[4] = 0x08;
  list[5] = 0x12;
  list[6] = flags;
  return list;
}
const std::vector<std::uint8_t> mode_select{0x15, 0x10, 0, 0, 24, 0};

TEST_F(DiskFixture, ModeSelectSwitchesTheWriteCache) {
  EXPECT_EQ(send(mode_select, caching_list(0)).status, Status::good);
  EXPECT_FALSE(disk().write_cache_enabled());
  EXPECT_EQ(send({0x1a, 8, 0x08, 0, 255, 0}).data[6], 0);
  EXPECT_EQ(send({0x1a, 8, 0x88, 0, 255, 0}).data[6], 0x04) << "the default stays";
  EXPECT_EQ(send({0x1a, 8, 0x48, 0, 255, 0}).data[6], 0x04) << "it may be changed";
}

TEST_F(DiskFixture, ModeSelectRefusesWhatCannotBeChangedAndChangesNothing) {
  auto answer = send(mode_select, caching_list(0x01));
  expect_sense(answer, Sense::invalid_field_in_parameter_list(0));
  EXPECT_EQ(answer.sense->field->where, FieldPointer::Where::parameter_list);
  EXPECT_EQ(answer.sense->field->byte, 6);
  EXPECT_EQ(answer.sense->field->bit, 0);
  EXPECT_TRUE(disk().write_cache_enabled());
  auto unknown = caching_list(0);
  unknown[4] = 0x09;
  EXPECT_EQ(send(mode_select, unknown).sense->field->byte, 4);
  auto wrong_length = caching_list(0);
  wrong_length[5] = 0x11;
  EXPECT_EQ(send(mode_select, wrong_length).sense->field->byte, 5);
  auto with_block_descriptor = caching_list(0);
  with_block_descriptor[3] = 9;
  EXPECT_EQ(send(mode_select, with_block_descriptor).sense->field->byte, 3);
}

TEST_F(DiskFixture, ModeSelectListsThatAreCutAreRefused) {
  for (const std::size_t size : {1u, 3u, 5u, 6u, 23u}) {
    auto list = caching_list(0);
    list.resize(size);
    expect_sense(send({0x15, 0x10, 0, 0, static_cast<std::uint8_t>(size), 0}, list),
                 Sense::parameter_list_length_error());
  }
  EXPECT_TRUE(disk().write_cache_enabled());
  EXPECT_EQ(send({0x15, 0x10, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x15, 0x10, 0, 0, 4, 0}, std::vector<std::uint8_t>(4)).status, Status::good);
}

TEST_F(DiskFixture, ModeSelectTakesTheBlockDescriptorThatModeSenseTells) {
  auto list = send({0x5a, 0x10, 0x08, 0, 0, 0, 0, 1, 0, 0}).data;
  list[24 + 2] = 0;
  EXPECT_EQ(send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0}, list).status, Status::good);
  EXPECT_FALSE(disk().write_cache_enabled());
  list[8 + 7] ^= 1;
  EXPECT_EQ(send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0}, list).sense->field->byte, 8);
  list[8 + 7] ^= 1;
  list[8 + 14] ^= 0x10;
  const auto other_block_length = send({0x55, 0x10, 0, 0, 0, 0, 0, 0, 44, 0}, list);
  expect_sense(other_block_length, Sense::invalid_field_in_parameter_list(0));
  EXPECT_EQ(other_block_length.sense->field->byte, 8 + 12);
}

TEST_F(DiskFixture, AResetBringsModePagesBackToTheirDefaults) {
  EXPECT_EQ(send(mode_select, caching_list(0)).status, Status::good);
  const auto reset = [](Disk& device, Shard& shard) -> Task<void> {
    const auto outcome = co_await device.reset(shard, ResetKind::logical_unit);
    EXPECT_EQ(outcome, ResetOutcome::done);
  };
  EXPECT_TRUE(bench().reactor().run(reset(disk(), bench().reactor().shard())));
  EXPECT_TRUE(disk().write_cache_enabled());
}

TEST_F(DiskFixture, AMediumThatAnInitiatorHoldsIsNotEjected) {
  make({}, {.removable = true});
  const std::vector<std::uint8_t> eject{0x1b, 0, 0, 0, 2, 0};
  EXPECT_EQ(send({0x1e, 0, 0, 0, 1, 0}).status, Status::good);
  EXPECT_TRUE(disk().describe().prevent_removal);
  expect_sense(send(eject), Sense::medium_removal_prevented());
  expect_sense(send({0x1b, 0, 0, 0, 3, 0}), Sense::medium_removal_prevented());
  const auto refused = bench().device().configure("online", "0");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, SettingRefused::Kind::removal_prevented);
  EXPECT_EQ(send({0x1e, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send(eject).status, Status::good);
  EXPECT_EQ(send(eject).status, Status::good) << "it is out already";
  expect_invalid_field(send({0x1e, 0, 0, 0, 2, 0}), Field{4, 1, 2});
}

TEST_F(DiskFixture, HasNoDefects) {
  EXPECT_THAT(send({0x37, 0, 0x1d, 0, 0, 0, 0, 0, 255, 0}).data, ElementsAre(0, 0x1d, 0, 0));
  EXPECT_THAT(send({0xb7, 0x1d, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0}).data, ElementsAre(0, 0x1d, 0, 0, 0, 0, 0, 0));
}

TEST_F(DiskFixture, SynchronizeCacheFlushes) {
  EXPECT_EQ(send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x91, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0}).status, Status::good);
  EXPECT_EQ(store().flushes, 2u);
  expect_sense(send({0x35, 0, 0, 0, 0x10, 0, 0, 0, 1, 0}), Sense::lba_out_of_range(0));
  make({.flush_fails = true}, {});
  expect_sense(send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Sense::write_error());
}

TEST_F(DiskFixture, StoppingWritesTheCacheOutAndTheDiskStaysReady) {
  EXPECT_EQ(send({0x1b, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 1, 0}).status, Status::good);
}

TEST_F(DiskFixture, APowerConditionChangesNothing) {
  make({}, {.removable = true});
  EXPECT_EQ(send({0x1b, 1, 0, 1, 0x32, 0}).status, Status::good);
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(store().flushes, 0u);
}

TEST_F(DiskFixture, OnlyARemovableMediumIsEjected) {
  expect_invalid_field(send({0x1b, 0, 0, 0, 2, 0}), StartStopUnit::load_eject);
  make({}, {.removable = true});
  EXPECT_EQ(send({0x12, 0, 0, 0, 255, 0}).data[1], 0x80);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  expect_sense(send({0, 0, 0, 0, 0, 0}), Sense::medium_not_present());
  expect_sense(send(read10(0, 1)), Sense::medium_not_present());
  EXPECT_EQ(send({0x03, 0, 0, 0, 252, 0}).data[12], 0x3a);
  EXPECT_FALSE(disk().describe().online);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::good);
  EXPECT_TRUE(disk().describe().online);
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(DiskFixture, EveryOtherInitiatorHearsOnceThatAMediumHasComeBack) {
  make({}, {.removable = true});
  const std::vector<std::uint8_t> ready{0, 0, 0, 0, 0, 0};
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, ready).status, Status::check_condition) << "of its login";
  EXPECT_EQ(send({0x1b, 0, 0, 0, 2, 0}).status, Status::good);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::good);
  EXPECT_EQ(send(ready).status, Status::good) << "it knows";
  expect_sense(bench().send_as(other, ready), Sense::medium_may_have_changed());
  EXPECT_EQ(bench().send_as(other, ready).status, Status::good);
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::good) << "it is in already";
  EXPECT_EQ(bench().send_as(other, ready).status, Status::good);
  EXPECT_TRUE(disk().configure("online", "0"));
  EXPECT_EQ(send({0x1b, 0, 0, 0, 3, 0}).status, Status::check_condition) << "the administrator has it";
  expect_sense(bench().send_as(other, ready), Sense::medium_not_present());
}

TEST_F(DiskFixture, AMediumThatSomebodyHoldsMeanwhileIsNotEjectedAfterItWasWrittenOut) {
  make({.flush_takes = 1s}, {.removable = true});
  const auto eject = bench().start(Lun{0}, {0x1b, 0, 0, 0, 2, 0});
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_FALSE(eject->answered);
  EXPECT_EQ(send({0x1e, 0, 0, 0, 1, 0}).status, Status::good);
  bench().reactor().advance(2s);
  ASSERT_TRUE(eject->answered);
  expect_sense(*eject, Sense::medium_removal_prevented());
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
}

TEST_F(DiskFixture, WithoutAStoreThereIsNoMedium) {
  auto made = Disk::make(nullptr, {.identity = Identity::of(1, 1, "VIRTUAL-DISK", "iqn.a")});
  ASSERT_TRUE(made.has_value());
  EXPECT_FALSE((*made)->describe().online);
  EXPECT_TRUE((*made)->describe().removable);
  DeviceBench empty(std::move(*made));
  for (const std::vector<std::uint8_t>& cdb :
       std::vector<std::vector<std::uint8_t>>{{0, 0, 0, 0, 0, 0},
                                              {0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                              {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0},
                                              {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0},
                                              {0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                                              {0x1b, 0, 0, 0, 0, 0}}) {
    expect_sense(empty.send(cdb), Sense::medium_not_present());
  }
  EXPECT_EQ(empty.send({0x12, 0, 0, 0, 255, 0}).status, Status::good);
  EXPECT_FALSE(empty.device().configure("online", "1"));
}

TEST_F(DiskFixture, GoesOfflineAndOnlineAsTheAdministratorSays) {
  EXPECT_TRUE(bench().device().configure("online", "0"));
  expect_sense(send(read10(0, 1)), Sense::medium_not_present());
  EXPECT_TRUE(bench().device().configure("online", "1"));
  EXPECT_EQ(send(read10(0, 1)).status, Status::good);
}

TEST_F(DiskFixture, TellsTheGeometryThatTheAdministratorGaveIt) {
  DeviceServer& device = bench().device();
  EXPECT_TRUE(device.configure("lbppbe", "3"));
  EXPECT_TRUE(device.configure("la_lba", "7"));
  EXPECT_TRUE(device.configure("rotation_rate", "7200"));
  EXPECT_TRUE(device.configure("optimal_xfer_len", "128"));
  const auto capacity = send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data;
  EXPECT_EQ(capacity[13], 3);
  EXPECT_EQ(at16(capacity, 14), 7u);
  EXPECT_EQ(at16(send({0x12, 1, 0xb1, 0, 255, 0}).data, 4), 7200u);
  const auto limits = send({0x12, 1, 0xb0, 0, 255, 0}).data;
  EXPECT_EQ(at16(limits, 6), 8u);
  EXPECT_EQ(at16(limits, 14), 128u);
}

TEST_F(DiskFixture, OverAPartitionItTellsWhereTheFirstPhysicalBlockBegins) {
  const auto geometry = [this](std::uint32_t alignment_offset, std::uint8_t exponent) {
    make({.physical_block_size = 4096, .alignment_offset = alignment_offset}, {.block_size = {exponent}});
    const auto capacity = send({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}).data;
    return std::pair<unsigned, unsigned>(capacity[13], at16(capacity, 14));
  };
  EXPECT_EQ(geometry(0, 9), std::pair(3u, 0u));
  EXPECT_EQ(geometry(512, 9), std::pair(3u, 1u)) << "a partition that begins at block 63";
  EXPECT_EQ(geometry(512, 12), std::pair(0u, 0u)) << "no block of 4096 bytes begins there";
}

TEST_F(DiskFixture, RefusesSettingsThatMakeNoSense) {
  DeviceServer& device = bench().device();
  EXPECT_FALSE(device.configure("lbppbe", "16"));
  EXPECT_TRUE(device.configure("optimal_xfer_len", "32768")) << "MAXIMUM TRANSFER LENGTH";
  EXPECT_FALSE(device.configure("optimal_xfer_len", "32769"));
  EXPECT_FALSE(device.configure("rotation_rate", "fast"));
  EXPECT_FALSE(device.configure("readonly", "yes"));
  EXPECT_FALSE(device.configure("colour", "red"));
}

TEST_F(DiskFixture, DescribesItselfAsTgtadmShowsIt) {
  const auto description = disk().describe();
  EXPECT_EQ(description.type_word, "disk");
  EXPECT_EQ(description.scsi_id, "IET     00010001");
  EXPECT_EQ(description.serial_number, "beaf11");
  EXPECT_EQ(description.size_bytes, 1u << 20);
  EXPECT_EQ(description.block_size, 512u);
  EXPECT_EQ(description.store_type, "fault");
  EXPECT_EQ(description.store_flags, "sync");
}

TEST(DiskMaking, RefusesWhatCannotBeADisk) {
  const auto store = [](const FaultStore::Script& script) { return std::make_unique<FaultStore>(script); };
  EXPECT_EQ(Disk::make(store({.capacity = 511}), {}).error(), Disk::Fault::too_small);
  EXPECT_EQ(Disk::make(store({}), {.block_size = {8}}).error(), Disk::Fault::bad_block_size);
  EXPECT_EQ(Disk::make(store({.alignment = 4096}), {}).error(), Disk::Fault::block_below_alignment);
}

TEST(DiskMaking, LeavesOutAnIncompleteLastBlock) {
  const auto disk = Disk::make(std::make_unique<FaultStore>(FaultStore::Script{.capacity = 4096 + 511}), {});
  EXPECT_EQ((*disk)->capacity(), BlockCount(8));
}

}  // namespace
}  // namespace tgt
