// SPDX-License-Identifier: Apache-2.0
// What initiators set and what is kept of it: saved mode pages, identifying information, the clock.
#include "device/disk/disk_fixture.h"
#include "device/disk/keeping_store.h"
#include "device/primary/identifying_information.h"
#include "device/primary/mode_select.h"
#include "device/primary/report_timestamp.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using List = std::vector<std::uint8_t>;

List caching_list(std::uint8_t flags) {
  List list(4 + 20);
  list[4] = 0x08;
  list[5] = 0x12;
  list[6] = flags;
  return list;
}
const List select_and_save{0x15, 0x11, 0, 0, 24, 0};
const List select_only{0x15, 0x10, 0, 0, 24, 0};

List set_information(std::uint8_t type, std::uint16_t length) {
  const auto byte = [](unsigned value) { return static_cast<std::uint8_t>(value); };
  return {0xa4, 0x06, 0, 0, 0, 0, 0, 0, byte(length >> 8), byte(length), byte(type * 2u), 0};
}
List report_information(std::uint8_t type) {
  return {0xa3, 0x05, 0, 0, 0, 0, 0, 0, 1, 0, static_cast<std::uint8_t>(type * 2u), 0};
}

struct SettingsTest : DiskFixture {
  Kept kept;
  // A disk that may save, with what was saved before.
  void make_keeping() {
    make();
    const auto before = kept.blob.empty() ? std::nullopt : std::optional<Bytes>(kept.blob);
    ASSERT_TRUE(disk().keep_state_in(std::make_unique<KeepingStore>(kept), before));
  }
  std::uint8_t caching(std::uint8_t control) {
    return send({0x1a, 8, static_cast<std::uint8_t>(control * 64u | 8u), 0, 255, 0}).data[6];
  }
  void reset() {
    const auto task = [](Disk& device, Shard& shard) -> Task<void> {
      const auto outcome = co_await device.reset(shard, ResetKind::logical_unit);
      EXPECT_EQ(outcome, ResetOutcome::done);
    };
    EXPECT_TRUE(bench().reactor().run(task(disk(), bench().reactor().shard())));
  }
};

TEST_F(SettingsTest, AreNotSavedWhereThereIsNowhereToSaveThem) {
  expect_invalid_field(send(select_and_save, caching_list(0)), ModeSelect6::save_pages);
  expect_sense(send({0x1a, 8, 0xc8, 0, 255, 0}), Sense::saving_parameters_not_supported());
  EXPECT_EQ(send({0x1a, 8, 0x08, 0, 255, 0}).data[4] & 0x80, 0) << "PS";
}

TEST_F(SettingsTest, SavedModePagesSurviveAResetAndARestart) {
  make_keeping();
  EXPECT_EQ(send({0x1a, 8, 0x08, 0, 255, 0}).data[4] & 0x80, 0x80) << "PS";
  EXPECT_EQ(send(select_and_save, caching_list(0)).status, Status::good);
  EXPECT_EQ(kept.saves, 1u);
  EXPECT_EQ(caching(3), 0);
  EXPECT_EQ(caching(2), 0x04);
  reset();
  EXPECT_EQ(caching(0), 0);
  make_keeping();
  EXPECT_EQ(caching(0), 0);
  EXPECT_EQ(caching(3), 0);
  EXPECT_FALSE(disk().write_cache_enabled());
}

TEST_F(SettingsTest, WhatIsNotSavedEndsWithAReset) {
  make_keeping();
  EXPECT_EQ(send(select_only, caching_list(0)).status, Status::good);
  EXPECT_EQ(kept.saves, 0u);
  EXPECT_EQ(caching(0), 0);
  EXPECT_EQ(caching(3), 0x04);
  reset();
  EXPECT_EQ(caching(0), 0x04);
}

TEST_F(SettingsTest, SavingWithoutAListSavesWhatIsInForce) {
  make_keeping();
  EXPECT_EQ(send(select_only, caching_list(0)).status, Status::good);
  EXPECT_EQ(send({0x15, 0x11, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(caching(3), 0);
}

TEST_F(SettingsTest, AreRefusedWholeWhenTheyCannotBeSaved) {
  make_keeping();
  kept.fails = true;
  EXPECT_EQ(send(select_and_save, caching_list(0)).sense->key, SenseKey::hardware_error);
  EXPECT_EQ(caching(0), 0x04);
  EXPECT_EQ(send(set_information(0, 2), {1, 2}).sense->key, SenseKey::hardware_error);
  EXPECT_THAT(send(report_information(0)).data, ElementsAre(0, 0, 0, 0));
  auto wrong = caching_list(1);
  kept.fails = false;
  EXPECT_EQ(send(select_and_save, wrong).sense->field->byte, 6);
  EXPECT_EQ(kept.saves, 0u);
}

TEST_F(SettingsTest, SwitchingTheWriteCacheOffWritesItOut) {
  put(0, pattern(1, 1));
  EXPECT_EQ(store().flushes, 0u);
  EXPECT_EQ(send(select_only, caching_list(0)).status, Status::good);
  EXPECT_EQ(store().flushes, 1u);
  EXPECT_EQ(send(select_only, caching_list(0)).status, Status::good);
  EXPECT_EQ(send(select_only, caching_list(4)).status, Status::good);
  EXPECT_EQ(store().flushes, 1u) << "nothing was switched off";
}

TEST_F(SettingsTest, TheWriteCacheStaysWhenItCannotBeWrittenOut) {
  make_keeping();
  put(0, pattern(1, 1));
  store().script().flush_fails = true;
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::check_condition);
  List both(4 + 20 + 12);
  copy_bytes(caching_list(0), both);
  copy_bytes(Bytes(send({0x1a, 8, 0x0a, 0, 255, 0}).data).subspan(4), MutableBytes(both).subspan(24));
  both[24] &= 0x3f;
  both[26] ^= 0x04;  // D_SENSE
  expect_sense(send({0x15, 0x11, 0, 0, 36, 0}, both), Sense::write_error());
  EXPECT_EQ(caching(0), 0x04);
  EXPECT_EQ(disk().sense_format(), SenseData::Format::fixed) << "all or nothing";
  EXPECT_TRUE(disk().write_cache_enabled());
  EXPECT_EQ(kept.saves, 0u);
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::good) << "nothing has changed";
  expect_sense(send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Sense::write_error());
}

TEST_F(SettingsTest, AResetThatSwitchesTheWriteCacheOffWritesItOut) {
  make_keeping();
  EXPECT_EQ(send(select_and_save, caching_list(0)).status, Status::good);
  EXPECT_EQ(send(select_only, caching_list(4)).status, Status::good);
  put(0, pattern(1, 1));
  store().script().flush_fails = true;
  reset();
  EXPECT_EQ(caching(0), 0x04) << "it cannot be switched off";
  EXPECT_EQ(caching(3), 0);
  store().script().flush_fails = false;
  const unsigned before = store().flushes;
  reset();
  EXPECT_EQ(caching(0), 0);
  EXPECT_EQ(store().flushes, before + 1);
  make_keeping();
  store().script().flush_fails = true;
  reset();
  EXPECT_EQ(caching(0), 0) << "it was off from the start";
}

TEST_F(SettingsTest, TheAdministratorSwitchesTheWriteCacheOffOnceItIsWrittenOut) {
  constexpr auto off = "8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0";
  std::optional<Sense> unsettled;
  const auto settle = [&](Shard& shard) -> Task<void> { unsettled = co_await disk().settle(shard); };
  put(0, pattern(1, 1));
  store().script().flush_fails = true;
  EXPECT_TRUE(disk().configure("mode_page", off));
  EXPECT_TRUE(bench().reactor().run(settle(bench().reactor().shard())));
  EXPECT_EQ(unsettled, Sense::write_error());
  EXPECT_TRUE(disk().write_cache_enabled());
  EXPECT_EQ(caching(0), 0x14) << "the rest is as it was told";
  store().script().flush_fails = false;
  EXPECT_TRUE(disk().configure("mode_page", off));
  EXPECT_TRUE(bench().reactor().run(settle(bench().reactor().shard())));
  EXPECT_EQ(unsettled, std::nullopt);
  EXPECT_EQ(store().flushes, 2u);
  EXPECT_FALSE(disk().write_cache_enabled());
}

TEST_F(SettingsTest, WhatInitiatorsKeepOfTheDiskDiffersWhenTheAdministratorChangesIt) {
  struct Case {
    const char* name;
    const char* value;
    bool mode;
    bool capacity;
    bool inquiry;
  };
  for (const Case& change : std::initializer_list<Case>{
           {"mode_page", "8:0:18:0x00", true, false, false},
           {"readonly", "1", true, false, false},
           {"sense_format", "1", true, false, false},
           {"lbppbe", "3", false, true, true},
           {"la_lba", "1", false, true, false},
           {"thin_provisioning", "1", true, true, true},
           {"vendor_id", "ACME", false, false, true},
           {"product_id", "DISK", false, false, true},
           {"product_rev", "9", false, false, true},
           {"scsi_id", "other", false, false, true},
           {"scsi_sn", "other", false, false, true},
           {"rotation_rate", "7200", false, false, true},
           {"optimal_xfer_gran", "8", false, false, true},
           {"optimal_xfer_len", "64", false, false, true},
           {"removable", "1", false, false, true},
           {"online", "0", false, false, false},
       }) {
    make();
    const DeviceServer::Told before = disk().told();
    EXPECT_TRUE(disk().configure(change.name, change.value)) << change.name;
    const DeviceServer::Told after = disk().told();
    EXPECT_EQ(after.mode_parameters != before.mode_parameters, change.mode) << change.name;
    EXPECT_EQ(after.capacity != before.capacity, change.capacity) << change.name;
    EXPECT_EQ(after.inquiry != before.inquiry, change.inquiry) << change.name;
    EXPECT_TRUE(disk().configure(change.name, change.value)) << change.name;
    const DeviceServer::Told again = disk().told();
    EXPECT_EQ(again.mode_parameters, after.mode_parameters) << change.name;
    EXPECT_EQ(again.capacity, after.capacity) << change.name;
    EXPECT_EQ(again.inquiry, after.inquiry) << change.name;
  }
}

TEST_F(SettingsTest, ThatAreDamagedAreNotHalfRead) {
  make_keeping();
  EXPECT_EQ(send(select_and_save, caching_list(0)).status, Status::good);
  for (std::size_t at = 0; at < kept.blob.size(); ++at) {
    List damaged = kept.blob;
    damaged[at] ^= 0x10;
    EXPECT_FALSE(SavedState::decode(damaged)) << at;
    EXPECT_FALSE(SavedState::decode(Bytes(kept.blob).first(at))) << at;
  }
  make();
  const Bytes cut = Bytes(kept.blob).first(kept.blob.size() - 1);
  EXPECT_FALSE(disk().keep_state_in(std::make_unique<KeepingStore>(kept), cut));
  EXPECT_TRUE(disk().write_cache_enabled());
}

TEST_F(SettingsTest, IdentifyingInformationIsGivenBack) {
  EXPECT_THAT(send(report_information(0)).data, ElementsAre(0, 0, 0, 0));
  EXPECT_EQ(send(set_information(0, 3), {1, 2, 3}).status, Status::good);
  EXPECT_EQ(send(set_information(2, 3), {'h', 'i', 0}).status, Status::good);
  EXPECT_THAT(send(report_information(0)).data, ElementsAre(0, 0, 0, 3, 1, 2, 3));
  EXPECT_THAT(send(report_information(2)).data, ElementsAre(0, 0, 0, 3, 'h', 'i', 0));
  EXPECT_EQ(send(set_information(0, 0)).status, Status::good);
  EXPECT_THAT(send(report_information(0)).data, ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(send(report_information(0x7f)).data, ElementsAre(0, 0, 0, 8, 0, 0, 0, 64, 4, 0, 1, 0));
}

TEST_F(SettingsTest, IdentifyingInformationSurvivesARestartAndOthersHearOfIt) {
  make_keeping();
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::check_condition);
  EXPECT_EQ(send(set_information(0, 2), {1, 2}).status, Status::good);
  expect_sense(bench().send_as(other, {0, 0, 0, 0, 0, 0}), Sense::device_identifier_changed());
  EXPECT_EQ(send(select_and_save, caching_list(0)).status, Status::good);
  expect_sense(bench().send_as(other, {0, 0, 0, 0, 0, 0}), Sense::mode_parameters_changed());
  make_keeping();
  EXPECT_THAT(send(report_information(0)).data, ElementsAre(0, 0, 0, 2, 1, 2));
}

TEST_F(SettingsTest, IdentifyingInformationThatIsWrongIsRefused) {
  expect_invalid_field(send(set_information(0, 65), List(65)), SetIdentifyingInformation::parameter_list_length);
  expect_invalid_field(send(set_information(2, 257), List(257)), SetIdentifyingInformation::parameter_list_length);
  expect_invalid_field(send(set_information(1, 1), {1}), SetIdentifyingInformation::information_type);
  expect_invalid_field(send(report_information(1)), ReportIdentifyingInformation::information_type);
  expect_sense(send(set_information(0, 4), {1, 2}), Sense::parameter_list_length_error());
  EXPECT_EQ(send(set_information(2, 2), {'h', 'i'}).sense->field->byte, 1);
}

TEST_F(SettingsTest, TheClockIsTheSystemsUntilAnInitiatorSetsIt) {
  const List report{0xa3, 0x0f, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
  const auto milliseconds = [](const List& data) { return Field{4, 7, 48}.read(data); };
  List data = send(report).data;
  ASSERT_EQ(data.size(), 12u);
  EXPECT_EQ(data[1], 10);
  EXPECT_EQ(data[2], 3);
  EXPECT_GT(milliseconds(data), 1'700'000'000'000u);
  Nexus& other = bench().another_nexus();
  EXPECT_EQ(bench().send_as(other, {0, 0, 0, 0, 0, 0}).status, Status::check_condition);
  EXPECT_EQ(send({0xa4, 0x0f, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}).status,
            Status::good);
  expect_sense(bench().send_as(other, {0, 0, 0, 0, 0, 0}), Sense::timestamp_changed());
  const auto wait = [](Shard& shard) -> Task<void> { co_await shard.sleep(std::chrono::milliseconds(5)); };
  EXPECT_TRUE(bench().reactor().run(wait(bench().reactor().shard())));
  data = send(report).data;
  EXPECT_EQ(data[2], 2);
  EXPECT_EQ(milliseconds(data), 256u + 5u);
  EXPECT_EQ(send({0xa4, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
  expect_sense(send({0xa4, 0x0f, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0}, List(11)), Sense::parameter_list_length_error());
}

TEST_F(SettingsTest, NoInitiatorHasAPriority) {
  const auto one = send({0xa3, 0x0e, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}).data;
  ASSERT_GT(one.size(), 12u);
  EXPECT_EQ(one[2] * 256u + one[3], one.size() - 4);
  EXPECT_EQ(one[4], 0);
  EXPECT_EQ(one[7], 1) << "relative target port";
  EXPECT_EQ(one[10] * 256u + one[11], one.size() - 12);
  EXPECT_EQ(one[12], 0x45) << "a TransportID of iSCSI";
  EXPECT_THAT(send({0xa3, 0x0e, 0x40, 0, 0, 0, 0, 0, 1, 0, 0, 0}).data, ElementsAre(0, 0, 0, 0));
  expect_invalid_field(send({0xa3, 0x0e, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0}), ReportPriority::priority_reported);
}

TEST_F(SettingsTest, EveryInitiatorSharesTheModePages) {
  EXPECT_THAT(send({0x12, 1, 0x87, 0, 255, 0}).data, ElementsAre(0, 0x87, 0, 4, 0x3f, 0xff, 0, 0));
}

}  // namespace
}  // namespace tgt
