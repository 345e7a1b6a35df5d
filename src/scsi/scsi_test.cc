// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scsi/cdb.h"
#include "scsi/inquiry.h"
#include "scsi/lun.h"
#include "scsi/mode.h"
#include "scsi/parameter_writer.h"
#include "scsi/read_capacity.h"
#include "scsi/report_luns.h"
#include "scsi/report_supported.h"
#include "scsi/transport_id.h"
#include "scsi/vital_product_data.h"

namespace tgt {
namespace {

using testing::ElementsAre;

static_assert(Field{1, 4, 5}.read(std::array<std::uint8_t, 2>{0, 0xff}) == 0x1f);
static_assert(Field{2, 7, 32}.read(std::array<std::uint8_t, 4>{0, 0, 1, 2}) == 0x01020000);

TEST(Field, WritesWhatItReads) {
  std::array<std::uint8_t, 8> bytes{};
  const Field field{1, 5, 11};
  field.write(bytes, 0x5a5);
  EXPECT_EQ(field.read(bytes), 0x5a5u);
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[1] & 0xc0, 0);
  EXPECT_EQ(bytes[2] & 0x07, 0);
}

TEST(Cdb, TakesItsLengthFromTheOperationCode) {
  const std::array<std::uint8_t, 16> carried{0x28};
  EXPECT_EQ(Cdb::from_transport(carried)->length(), 10u);
}

TEST(Cdb, RefusesAVariableLengthCdbThatIsLongerThanWhatWasCarried) {
  std::array<std::uint8_t, 16> carried{0x7f};
  carried[7] = 24;
  EXPECT_FALSE(Cdb::from_transport(carried));
}

TEST(Cdb, RefusesAVariableLengthCdbAbove32Bytes) {
  std::array<std::uint8_t, 64> carried{0x7f};
  carried[7] = 25;
  EXPECT_FALSE(Cdb::from_transport(carried));
  carried[7] = 24;
  EXPECT_EQ(Cdb::from_transport(carried)->length(), 32u);
}

TEST(Lun, NumbersAbove255TakeFlatSpaceAddressing) {
  EXPECT_EQ(Lun{255}.to_wire(), 0x00ff000000000000ull);
  EXPECT_EQ(Lun{256}.to_wire(), 0x4100000000000000ull);
  EXPECT_EQ(Lun::from_wire(Lun{300}.to_wire()), Lun{300});
}

TEST(Lun, FurtherLevelsAndWellKnownUnitsNameNoLun) {
  EXPECT_FALSE(Lun::from_wire(0x0001000100000000ull));
  EXPECT_FALSE(Lun::from_wire(report_luns_well_known_unit));
  EXPECT_FALSE(Lun::from_wire(0x0100000000000000ull)) << "bus 1";
}

TEST(InquiryText, IsFilledWithSpacesAndCut) {
  EXPECT_THAT(InquiryText<4>("IET").characters, ElementsAre('I', 'E', 'T', ' '));
  EXPECT_THAT(InquiryText<4>("TOOLONG").characters, ElementsAre('T', 'O', 'O', 'L'));
}

TEST(Designator, OfAnIscsiPortSaysWhichProtocol) {
  using namespace vital_product_data;
  const auto header =
      iscsi_designator_header(Association::target_port, DesignatorType::relative_target_port, CodeSet::binary, 4);
  const Bytes bytes = bytes_of(header);
  EXPECT_THAT(std::vector<unsigned>(bytes.begin(), bytes.end()), ElementsAre(0x51, 0x94, 0, 4));
}

TEST(ParameterWriter, LeavesOutWhatDoesNotFitAndSaysSo) {
  std::array<std::uint8_t, 3> memory{9, 9, 9};
  ParameterWriter writer(memory);
  writer.append(be16{0x0102});
  EXPECT_FALSE(writer.overflowed());
  writer.append(be16{0x0304});
  EXPECT_TRUE(writer.overflowed());
  EXPECT_EQ(writer.length(), 3u);
  EXPECT_THAT(memory, ElementsAre(1, 2, 3));
}

TEST(ParameterWriter, FillsInALengthAfterwards) {
  std::array<std::uint8_t, 4> memory{};
  ParameterWriter writer(memory);
  writer.append(be16{});
  writer.append(std::uint8_t{7});
  writer.replace(0, be16{static_cast<std::uint16_t>(writer.length())});
  writer.replace(2, be16{0xffff});
  EXPECT_THAT(memory, ElementsAre(0, 3, 7, 0));
}

IscsiTransportId port() { return {"iqn.2026-01.example:host", std::array<std::uint8_t, 6>{0, 2, 0x3d, 0, 0, 0xab}}; }

TEST(IscsiTransportId, HoldsTheNameTheSeparatorAndTheIsidInHex) {
  const auto bytes = port().encode();
  ASSERT_EQ(bytes.size() % 4, 0u);
  EXPECT_EQ(bytes[0], 0x45);
  EXPECT_EQ(bytes[3], bytes.size() - 4);
  EXPECT_STREQ(reinterpret_cast<const char*>(bytes.data() + 4), "iqn.2026-01.example:host,i,0x00023d0000ab");
}

TEST(IscsiTransportId, OfTheWholeDeviceHasNoIsidAndAtLeast24Bytes) {
  const auto bytes = IscsiTransportId{"iqn.x", std::nullopt}.encode();
  EXPECT_EQ(bytes.size(), 24u);
  EXPECT_EQ(bytes[0], 0x05);
}

TEST(IscsiTransportId, DecodesWhatItEncodedAndTellsItsLength) {
  auto bytes = port().encode();
  const std::size_t length = bytes.size();
  bytes.resize(length + 10, 0xff);
  const auto decoded = IscsiTransportId::decode(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->id, port());
  EXPECT_EQ(decoded->length, length);
}

TEST(IscsiTransportId, RefusesALengthBeyondTheEndAnotherProtocolAndABrokenIsid) {
  auto bytes = port().encode();
  EXPECT_FALSE(IscsiTransportId::decode(Bytes(bytes).first(bytes.size() - 1)));
  EXPECT_FALSE(IscsiTransportId::decode({}));
  auto other = bytes;
  other[0] = 0x46;
  EXPECT_FALSE(IscsiTransportId::decode(other));
  auto broken = bytes;
  broken[4 + std::string_view("iqn.2026-01.example:host,i,0x").size()] = 'g';
  EXPECT_FALSE(IscsiTransportId::decode(broken));
}

}  // namespace
}  // namespace tgt
