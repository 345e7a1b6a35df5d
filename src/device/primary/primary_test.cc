// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "device/primary/controller.h"
#include "device/primary/device_bench.h"

namespace tgt {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

class ControllerTest : public testing::Test {
 protected:
  DeviceBench bench{std::make_unique<Controller>(1, DeviceBench::target_name)};

  static std::string text(const std::vector<std::uint8_t>& data, std::size_t at, std::size_t length) {
    return {data.begin() + static_cast<std::ptrdiff_t>(at), data.begin() + static_cast<std::ptrdiff_t>(at + length)};
  }
  void expect_invalid_field(const DeviceBench::Answer& answer, std::uint16_t byte, std::uint8_t bit) {
    EXPECT_EQ(answer.status, Status::check_condition);
    ASSERT_TRUE(answer.sense);
    EXPECT_EQ(*answer.sense, Sense::invalid_field_in_cdb());
    ASSERT_TRUE(answer.sense->field);
    EXPECT_EQ(answer.sense->field->byte, byte);
    EXPECT_EQ(answer.sense->field->bit, bit);
  }
};

TEST_F(ControllerTest, SaysWhoItIs) {
  const auto answer = bench.send({0x12, 0, 0, 0, 255, 0});
  ASSERT_EQ(answer.data.size(), 74u);
  EXPECT_EQ(answer.data[0], 0x0c);
  EXPECT_EQ(answer.data[4], 69);
  EXPECT_EQ(text(answer.data, 8, 8), "IET     ");
  EXPECT_EQ(text(answer.data, 16, 16), "Controller      ");
  EXPECT_EQ(text(answer.data, 32, 4), "0001");
}

TEST_F(ControllerTest, InquiryDataIsCutToTheAllocationLength) {
  const auto answer = bench.send({0x12, 0, 0, 0, 36, 0}, {}, 255);
  EXPECT_EQ(answer.data.size(), 36u);
  EXPECT_EQ(answer.residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(answer.residual.bytes, 219u);
}

TEST_F(ControllerTest, APageWithoutTheBitThatAsksForPagesIsRefused) {
  expect_invalid_field(bench.send({0x12, 0, 0x83, 0, 255, 0}), 2, 7);
}

TEST_F(ControllerTest, AnUnknownPageIsRefused) { expect_invalid_field(bench.send({0x12, 1, 0xb0, 0, 255, 0}), 2, 7); }

TEST_F(ControllerTest, TellsOfPortGroupsOnlyWhenThereAreSome) {
  EXPECT_EQ(bench.send({0x12, 0, 0, 0, 255, 0}).data[5], 0);
  ASSERT_TRUE(bench.target().put_port_group({.id = 0x102, .ports = {1}}));
  EXPECT_EQ(bench.send({0x12, 0, 0, 0, 255, 0}).data[5], 0x30) << "TPGS";
  const auto identification = bench.send({0x12, 1, 0x83, 0, 255, 0}).data;
  const std::vector<std::uint8_t> group{0x51, 0x95, 0, 4, 0, 0, 0x01, 0x02};
  EXPECT_FALSE(std::ranges::search(identification, group).empty());
}

TEST_F(ControllerTest, NamesThePortsOfItsTarget) {
  bench.target().set_ports({1, 3});
  const auto page = bench.send({0x12, 1, 0x88, 0, 255, 0}).data;
  const std::string name = std::string(DeviceBench::target_name) + ",t,0x0003";
  const std::size_t padded = name.size() / 4 * 4 + 4;
  ASSERT_EQ(page.size(), 4 + 2 * (12 + 4 + padded));
  EXPECT_EQ(page[3], page.size() - 4);
  const std::size_t second = 4 + 12 + 4 + padded;
  EXPECT_EQ(page[second + 3], 3) << "relative port identifier";
  EXPECT_EQ(page[second + 11], 4 + padded);
  EXPECT_EQ(page[second + 12], 0x53) << "iSCSI, UTF-8";
  EXPECT_EQ(page[second + 13], 0x98) << "a target port's SCSI name string";
  EXPECT_EQ(text(page, second + 16, name.size()), name);
}

TEST_F(ControllerTest, NamesAllPortsHoweverManyThereAre) {
  std::vector<std::uint16_t> ports(200);
  std::iota(ports.begin(), ports.end(), std::uint16_t{1});
  bench.target().set_ports(ports);
  const auto page = bench.send({0x12, 1, 0x88, 0xff, 0xff, 0}).data;
  ASSERT_GT(page.size(), 4u);
  EXPECT_EQ(page[2] << 8 | page[3], static_cast<int>(page.size() - 4));
  EXPECT_EQ((page.size() - 4) % ports.size(), 0u) << "each is as long as the next";
  const std::size_t last = page.size() - (page.size() - 4) / ports.size();
  EXPECT_EQ(page[last + 3], 200);
}

TEST_F(ControllerTest, ListsItsPages) {
  EXPECT_THAT(bench.send({0x12, 1, 0, 0, 255, 0}).data, ElementsAre(0x0c, 0, 0, 5, 0x00, 0x80, 0x83, 0x86, 0x88));
}

TEST_F(ControllerTest, HasTheSerialNumberThatItsTargetGivesIt) {
  const auto data = bench.send({0x12, 1, 0x80, 0, 255, 0}).data;
  EXPECT_EQ(text(data, 4, data.size() - 4), "beaf10");
}

TEST_F(ControllerTest, IsIdentifiedByEveryKindOfDesignator) {
  const auto data = bench.send({0x12, 1, 0x83, 1, 0, 0}).data;
  ASSERT_GT(data.size(), 4u);
  EXPECT_EQ(data.size(), 4u + data[2] * 256u + data[3]);
  std::vector<unsigned> kinds;
  for (std::size_t at = 4; at < data.size(); at += 4u + data[at + 3]) kinds.push_back(data[at + 1]);
  EXPECT_THAT(kinds, ElementsAre(0x03, 0x01, 0x08, 0x94, 0x95, 0x98, 0xa8));
  const std::string all = text(data, 0, data.size());
  EXPECT_THAT(all, HasSubstr("IET     IET     00010000"));
  EXPECT_THAT(all, HasSubstr("iqn.2026-01.example:bench,t,0x0001"));
  EXPECT_THAT(all, HasSubstr("naa.3"));
}

TEST_F(ControllerTest, ReportsTheLunsOfItsTarget) {
  bench.target().map(Lun{5}, bench.shared_unit());
  EXPECT_THAT(bench.send({0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}).data,
              ElementsAreArray({0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0}));
}

TEST_F(ControllerTest, IsReady) { EXPECT_EQ(bench.send({0, 0, 0, 0, 0, 0}).status, Status::good); }

TEST_F(ControllerTest, HasNoSenseToTell) {
  const auto fixed = bench.send({0x03, 0, 0, 0, 252, 0}).data;
  ASSERT_EQ(fixed.size(), 18u);
  EXPECT_EQ(fixed[0], 0x70);
  EXPECT_EQ(fixed[2], 0);
  const auto descriptors = bench.send({0x03, 1, 0, 0, 252, 0}).data;
  ASSERT_EQ(descriptors.size(), 8u);
  EXPECT_EQ(descriptors[0], 0x72);
}

TEST_F(ControllerTest, KnowsTheControlModePage) {
  const auto six = bench.send({0x1a, 0, 0x0a, 0, 255, 0}).data;
  ASSERT_EQ(six.size(), 16u);
  EXPECT_EQ(six[0], 15);
  EXPECT_EQ(six[3], 0);
  EXPECT_EQ(six[4], 0x0a);
  const auto ten = bench.send({0x5a, 0, 0x3f, 0, 0, 0, 0, 1, 0, 0}).data;
  ASSERT_EQ(ten.size(), 20u);
  EXPECT_EQ(ten[1], 18);
}

TEST_F(ControllerTest, AnUnknownModePageIsRefusedAtItsField) {
  expect_invalid_field(bench.send({0x1a, 0, 0x08, 0, 255, 0}), 2, 5);
  expect_invalid_field(bench.send({0x1a, 0, 0x0a, 7, 255, 0}), 3, 7);
}

TEST_F(ControllerTest, NothingIsSaved) {
  EXPECT_EQ(bench.send({0x1a, 0, 0xca, 0, 255, 0}).sense, Sense::saving_parameters_not_supported());
}

TEST_F(ControllerTest, SenseFormatFollowsTheAdministrator) {
  EXPECT_TRUE(bench.device().configure("sense_format", "1"));
  EXPECT_EQ(bench.device().sense_format(), SenseData::Format::descriptor);
  EXPECT_EQ(bench.send({0x1a, 0, 0x0a, 0, 255, 0}).data[6] & 0x04, 0x04);
  EXPECT_FALSE(bench.device().configure("sense_format", "2"));
}

TEST_F(ControllerTest, ReportsEachOfItsCommandsOnce) {
  const auto data = bench.send({0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}).data;
  ASSERT_GE(data.size(), 4u);
  EXPECT_EQ(data.size(), 4u + data[2] * 256u + data[3]);
  std::vector<unsigned> codes;
  for (std::size_t at = 4; at < data.size(); at += 8) codes.push_back(data[at] * 256u + data[at + 3]);
  EXPECT_THAT(codes, ElementsAre(0x0000, 0x0300, 0x1200, 0x1a00, 0x5a00, 0xa000, 0xa30a, 0xa30c, 0xa30d, 0xa40a));
}

TEST_F(ControllerTest, ReportsTheUsageDataOfOneCommand) {
  EXPECT_THAT(bench.send({0xa3, 0x0c, 1, 0x12, 0, 0, 0, 0, 4, 0, 0, 0}).data,
              ElementsAre(0, 3, 0, 6, 0x12, 0x01, 0xff, 0xff, 0xff, 0x00));
}

TEST_F(ControllerTest, ReportsTimeoutsWhenAskedTo) {
  const auto data = bench.send({0xa3, 0x0c, 0x82, 0xa3, 0, 0x0c, 0, 0, 4, 0, 0, 0}).data;
  ASSERT_EQ(data.size(), 4u + 12u + 12u);
  EXPECT_EQ(data[1], 0x83);
  EXPECT_EQ(data[4 + 1], 0x0c);
  EXPECT_EQ(data[16 + 1], 10);
}

TEST_F(ControllerTest, SaysThatItDoesNotSupportACommand) {
  EXPECT_THAT(bench.send({0xa3, 0x0c, 1, 0x28, 0, 0, 0, 0, 4, 0, 0, 0}).data, ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(bench.send({0xa3, 0x0c, 3, 0xa3, 0, 0x1f, 0, 0, 4, 0, 0, 0}).data, ElementsAre(0, 1, 0, 0));
}

TEST_F(ControllerTest, AQuestionWithTheWrongReportingOptionIsRefused) {
  expect_invalid_field(bench.send({0xa3, 0x0c, 1, 0xa3, 0, 0x0c, 0, 0, 4, 0, 0, 0}), 3, 7);
  expect_invalid_field(bench.send({0xa3, 0x0c, 2, 0x12, 0, 0, 0, 0, 4, 0, 0, 0}), 3, 7);
  expect_invalid_field(bench.send({0xa3, 0x0c, 4, 0x12, 0, 0, 0, 0, 4, 0, 0, 0}), 2, 2);
}

TEST_F(ControllerTest, ReportsWhichTasksCanBeManaged) {
  EXPECT_THAT(bench.send({0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}).data, ElementsAre(0xde, 0x07, 0, 0));
  EXPECT_EQ(bench.send({0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 4, 0, 0, 0}).data.size(), 16u);
}

TEST_F(ControllerTest, ACommandOfADiskIsUnknownToIt) {
  const auto answer = bench.send({0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  EXPECT_EQ(answer.status, Status::check_condition);
  EXPECT_EQ(answer.sense, Sense::invalid_operation_code());
}

TEST_F(ControllerTest, DescribesItselfAsTgtadmShowsIt) {
  const auto description = bench.device().describe();
  EXPECT_EQ(description.type_word, "controller");
  EXPECT_EQ(description.scsi_id, "IET     00010000");
  EXPECT_EQ(description.serial_number, "beaf10");
  EXPECT_EQ(description.size_bytes, 0u);
  EXPECT_EQ(description.block_size, 1u);
  EXPECT_EQ(description.store_type, "null");
}

TEST(Identity, OfTwoTargetsDiffersThoughTheirNumbersAreTheSame) {
  const Identity one = Identity::of(1, 1, "VIRTUAL-DISK", "iqn.a");
  const Identity other = Identity::of(1, 1, "VIRTUAL-DISK", "iqn.b");
  EXPECT_EQ(one.scsi_id, other.scsi_id);
  EXPECT_NE(one.naa_identifier(), other.naa_identifier());
  EXPECT_EQ(one.naa_identifier() >> 60, 3u);
}

TEST(Identity, ThatAnAdministratorGaveToTwoUnitsMakesThemOne) {
  Identity one = Identity::of(1, 1, "VIRTUAL-DISK", "iqn.a");
  Identity other = Identity::of(2, 1, "VIRTUAL-DISK", "iqn.b");
  for (Identity* identity : {&one, &other}) {
    EXPECT_EQ(identity->change("scsi_id", "shared"), Identity::Change::done);
    EXPECT_EQ(identity->change("scsi_sn", "0001"), Identity::Change::done);
  }
  EXPECT_EQ(one.naa_identifier(), other.naa_identifier());
}

TEST(Identity, CutsWhatIsTooLong) {
  Identity identity;
  EXPECT_EQ(identity.change("vendor_id", "THISISTOOLONGVENDOR"), Identity::Change::done);
  EXPECT_EQ(identity.vendor, "THISISTO");
  EXPECT_EQ(identity.change("online", "1"), Identity::Change::not_mine);
}

TEST(Identity, TakesAnAbsoluteUrlForItsManagementOrNone) {
  Identity identity;
  EXPECT_EQ(identity.change("management_url", "https://[2001:db8::1]:8443/lun?tid=1"), Identity::Change::done);
  for (const std::string& wrong :
       {std::string("storage.example"), std::string("https:"), std::string(":80"), std::string("1http://a"),
        std::string("http://a b"), std::string("http://\xc3\xa9"), "http://" + std::string(249, 'a')}) {
    EXPECT_EQ(identity.change("management_url", wrong), Identity::Change::refused) << wrong;
  }
  EXPECT_EQ(identity.management_url, "https://[2001:db8::1]:8443/lun?tid=1");
  EXPECT_EQ(identity.change("management_url", ""), Identity::Change::done);
  EXPECT_EQ(identity.management_url, "");
}

TEST(ModePages, ThatAreNotShownDoNotExistButKeepWhatWasSaved) {
  constexpr ModePages::Code caching{.page = 8};
  ModePages pages;
  pages.add(mode::Control{}, mode::Control{});
  pages.add(mode::Caching{}, mode::Caching{.flags = 0x04});
  pages.restore(bytes_of(mode::Caching{.flags = 0x04}), ModePages::Values::saved_and_current);
  pages.show(caching, false);
  EXPECT_EQ(pages.matching({mode::every_page, mode::every_subpage}).size(), 1u);
  EXPECT_FALSE(pages.has_page(8));
  EXPECT_TRUE(pages.read(caching, mode::PageControl::current).empty());
  EXPECT_FALSE(pages.select(bytes_of(mode::Caching{.flags = 0x04}), 0));
  EXPECT_EQ(pages.current_values().size(), sizeof(mode::Caching) + sizeof(mode::Control));
  EXPECT_TRUE(pages.replace("8:0:18:4:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0"));
  EXPECT_FALSE(pages.has_page(8));
  pages.show(caching, true);
  EXPECT_EQ(pages.current(caching, 2), 0x04);
}

TEST(ModePages, ForgetWhatWasSavedButNotWhatTheAdministratorSet) {
  ModePages pages;
  pages.add(mode::Control{}, mode::Control{});
  pages.add(mode::Caching{}, mode::Caching{.flags = 0x04});
  pages.restore(bytes_of(mode::Caching{.flags = 0x04}), ModePages::Values::saved_and_current);
  pages.set({.page = 0x0a}, 2, 0x04, true);
  pages.forget_saved();
  EXPECT_EQ(pages.current({.page = 8}, 2), 0);
  EXPECT_EQ(pages.read({.page = 8}, mode::PageControl::saved)[2], 0);
  EXPECT_EQ(pages.current({.page = 0x0a}, 2) & 0x04, 0x04);
}

TEST(ModePages, AreReplacedByTheAdministratorsText) {
  ModePages pages;
  pages.add(mode::Caching{.flags = 0x04}, mode::Caching{.flags = 0x04});
  EXPECT_TRUE(pages.replace("8:0:18:0x10:0:0xff:0xff:0:0:0xff:0xff:0xff:0xff:0x80:0x14:0:0:0:0:0:0"));
  EXPECT_EQ(pages.current({.page = 8}, 2), 0x10);
  EXPECT_EQ(pages.current({.page = 8}, 13), 0x14);
  EXPECT_EQ(pages.read({.page = 8}, mode::PageControl::changeable)[2], 0x04);
}

TEST(ModePages, RefuseTextWithTooManyBytesOrNoNumbers) {
  ModePages pages;
  for (const char* wrong : {"", "8", "8:0", "8:0:2:1:2:3", "8:0:2:x", "8:0:2:256", "63:0:2:1", "8:255:1:1"}) {
    EXPECT_FALSE(pages.replace(wrong)) << wrong;
  }
}

TEST(ModePages, WithASubpageHaveALongerHeader) {
  ModePages pages;
  pages.add(mode::ControlExtension{});
  pages.add(mode::Control{});
  EXPECT_EQ(pages.matching({.page = 0x3f, .subpage = 0}).size(), 1u);
  EXPECT_EQ(pages.matching({.page = 0x3f, .subpage = 0xff}).size(), 2u);
  const auto page = pages.read({.page = 0x0a, .subpage = 1}, mode::PageControl::changeable);
  ASSERT_EQ(page.size(), 32u);
  EXPECT_EQ(page[0], 0x4a);
  EXPECT_EQ(page[3], 28);
  EXPECT_TRUE(pages.replace("10:1:28:4"));
  EXPECT_EQ(pages.current({.page = 0x0a, .subpage = 1}, 4), 4);
}

}  // namespace
}  // namespace tgt
