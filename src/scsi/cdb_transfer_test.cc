// SPDX-License-Identifier: Apache-2.0
#include "scsi/cdb_transfer.h"

#include <gtest/gtest.h>

#include <vector>

namespace tgt {
namespace {

using enum PeripheralDeviceType;
using Unit = CdbTransfer::Unit;
using Type = PeripheralDeviceType;
using namespace std::chrono_literals;

constexpr auto none = DataDirection::none;
constexpr auto in = DataDirection::data_in;
constexpr auto out = DataDirection::data_out;

Cdb cdb(std::vector<std::uint8_t> bytes) {
  const std::size_t length = bytes[0] == 0x7f ? 32 : cdb_length_of(bytes[0]);
  bytes.resize(length == 0 ? 16 : length);
  return Cdb::from_transport(bytes).value();
}

struct Row {
  const char* name;
  Type type;
  std::vector<std::uint8_t> bytes;
  DataDirection direction;
  Unit unit;
  std::uint64_t count;
};

void PrintTo(const Row& row, std::ostream* to) { *to << row.name; }

class CdbTransferRow : public testing::TestWithParam<Row> {};

TEST_P(CdbTransferRow, SaysWhichWayAndHowMuch) {
  const Row& row = GetParam();
  const auto transfer = cdb_transfer(row.type, cdb(row.bytes));
  ASSERT_TRUE(transfer);
  EXPECT_EQ(transfer->direction, row.direction);
  EXPECT_EQ(transfer->unit, row.unit);
  EXPECT_EQ(transfer->count, row.count);
}

const std::vector<Row> primary{
    {"TEST UNIT READY", block, {0x00}, none, Unit::bytes, 0},
    {"REQUEST SENSE", tape, {0x03, 0, 0, 0, 252}, in, Unit::bytes, 252},
    {"INQUIRY", medium_changer, {0x12, 0, 0, 1, 4}, in, Unit::bytes, 260},
    {"INQUIRY of an unknown type", unknown, {0x12, 0, 0, 0, 36}, in, Unit::bytes, 36},
    {"MODE SELECT(6)", tape, {0x15, 0, 0, 0, 12}, out, Unit::bytes, 12},
    {"MODE SENSE(10)", optical, {0x5a, 0, 0, 0, 0, 0, 0, 2, 1}, in, Unit::bytes, 513},
    {"SEND DIAGNOSTIC", enclosure_services, {0x1d, 0x10, 0, 0, 40}, out, Unit::bytes, 40},
    {"SEND DIAGNOSTIC without a list", enclosure_services, {0x1d, 0x04}, none, Unit::bytes, 0},
    {"RECEIVE DIAGNOSTIC RESULTS", enclosure_services, {0x1c, 1, 2, 0xff, 0xfc}, in, Unit::bytes, 65532},
    {"WRITE BUFFER", tape, {0x3b, 5, 0, 0, 0, 0, 1, 0, 0}, out, Unit::bytes, 65536},
    {"READ BUFFER(10)", block, {0x3c, 2, 0, 0, 0, 0, 0, 2, 0}, in, Unit::bytes, 512},
    {"LOG SENSE", tape, {0x4d, 0, 0x2e, 0, 0, 0, 0, 1, 0}, in, Unit::bytes, 256},
    {"PERSISTENT RESERVE OUT", block, {0x5f, 0, 0, 0, 0, 0, 0, 0, 24}, out, Unit::bytes, 24},
    {"PERSISTENT RESERVE IN", block, {0x5e, 0, 0, 0, 0, 0, 0, 0, 8}, in, Unit::bytes, 8},
    {"RESERVE(6)", medium_changer, {0x16}, none, Unit::bytes, 0},
    {"RESERVE(6) of elements", medium_changer, {0x16, 1, 0, 0, 12}, out, Unit::bytes, 12},
    {"REPORT LUNS", block, {0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, in, Unit::bytes, 256},
    {"REPORT SUPPORTED OPERATION CODES", tape, {0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 2, 0}, in, Unit::bytes, 512},
    {"SECURITY PROTOCOL IN", tape, {0xa2, 0x20, 0, 0, 0, 0, 0, 0, 0, 8}, in, Unit::bytes, 8},
    {"SECURITY PROTOCOL OUT in units of 512", block, {0xb5, 1, 0, 1, 0x80, 0, 0, 0, 0, 4}, out, Unit::bytes, 2048},
    {"EXTENDED COPY", block, {0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99}, out, Unit::bytes, 99},
    {"COPY OPERATION ABORT", block, {0x83, 0x1c, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9}, none, Unit::bytes, 0},
    {"RECEIVE COPY RESULTS", block, {0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44}, in, Unit::bytes, 44},
    {"READ ATTRIBUTE", tape, {0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, in, Unit::bytes, 65536},
};

const std::vector<Row> disk{
    {"READ(6)", block, {0x08, 0, 0, 1, 8}, in, Unit::logical_blocks, 8},
    {"READ(6) of 256", block, {0x08, 0, 0, 1, 0}, in, Unit::logical_blocks, 256},
    {"WRITE(6) of 256", block, {0x0a}, out, Unit::logical_blocks, 256},
    {"READ(10)", block, {0x28, 0, 0, 0, 0, 9, 0, 1, 0}, in, Unit::logical_blocks, 256},
    {"READ(10) of nothing", block, {0x28}, none, Unit::bytes, 0},
    {"WRITE(12)", optical, {0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 32}, out, Unit::logical_blocks, 32},
    {"READ(16)", zoned_block, {0x88, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 0, 2}, in, Unit::logical_blocks, 65538},
    {"READ(32)",
     block,
     {0x7f, 0, 0, 0, 0, 0, 0, 24, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
     in,
     Unit::logical_blocks,
     257},
    {"VERIFY(10) without comparing", block, {0x2f, 0, 0, 0, 0, 0, 0, 0, 9}, none, Unit::bytes, 0},
    {"VERIFY(10) comparing", block, {0x2f, 2, 0, 0, 0, 0, 0, 0, 9}, out, Unit::logical_blocks, 9},
    {"VERIFY(16) comparing with one",
     block,
     {0x8f, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9},
     out,
     Unit::logical_blocks,
     1},
    {"WRITE SAME(10)", block, {0x41, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, out, Unit::logical_blocks, 1},
    {"WRITE SAME(16)", block, {0x93, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, out, Unit::logical_blocks, 1},
    {"WRITE SAME(16) with NDOB", block, {0x93, 9}, none, Unit::bytes, 0},
    {"COMPARE AND WRITE", block, {0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}, out, Unit::logical_blocks, 6},
    {"UNMAP", block, {0x42, 0, 0, 0, 0, 0, 0, 0, 24}, out, Unit::bytes, 24},
    {"READ CAPACITY(10)", block, {0x25}, in, Unit::bytes, 8},
    {"READ CAPACITY(16)", block, {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, in, Unit::bytes, 32},
    {"READ LONG(16)", block, {0x9e, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 2, 0}, in, Unit::bytes, 512},
    {"FORMAT UNIT", block, {0x04, 0x00}, none, Unit::bytes, 0},
    {"FORMAT UNIT with a list", block, {0x04, 0x10}, out, Unit::unstated, 0},
    {"SYNCHRONIZE CACHE(10)", block, {0x35, 0, 0, 0, 0, 0, 0, 9, 9}, none, Unit::bytes, 0},
    {"ATA PASS-THROUGH(16) IDENTIFY", block, {0x85, 8, 0x0e, 0, 0, 0, 1}, in, Unit::bytes, 512},
    {"ATA PASS-THROUGH(16) without data", block, {0x85, 6, 0x20}, none, Unit::bytes, 0},
    {"ATA PASS-THROUGH(12) write", block, {0xa1, 10, 0x06, 0, 2}, out, Unit::bytes, 1024},
    {"REPORT ZONES", zoned_block, {0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, in, Unit::bytes, 256},
};

const std::vector<Row> tape_and_changer{
    {"READ(6) variable", tape, {0x08, 0, 1, 0, 0}, in, Unit::bytes, 65536},
    {"READ(6) fixed", tape, {0x08, 1, 0, 0, 4}, in, Unit::fixed_tape_blocks, 4},
    {"READ(6) of nothing", tape, {0x08}, none, Unit::bytes, 0},
    {"WRITE(16) variable", tape, {0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0}, out, Unit::bytes, 512},
    {"WRITE FILEMARKS(6)", tape, {0x10, 0, 0, 0, 1}, none, Unit::bytes, 0},
    {"SPACE(6)", tape, {0x11, 1, 0xff, 0xff, 0xff}, none, Unit::bytes, 0},
    {"READ BLOCK LIMITS", tape, {0x05}, in, Unit::bytes, 6},
    {"READ POSITION short", tape, {0x34, 0}, in, Unit::bytes, 20},
    {"READ POSITION long", tape, {0x34, 6}, in, Unit::bytes, 32},
    {"READ POSITION extended", tape, {0x34, 8, 0, 0, 0, 0, 0, 0, 28}, in, Unit::bytes, 28},
    {"VERIFY(6)", tape, {0x13, 0, 0, 1, 0}, none, Unit::bytes, 0},
    {"VERIFY(6) comparing", tape, {0x13, 2, 0, 1, 0}, out, Unit::bytes, 256},
    {"REPORT DENSITY SUPPORT", tape, {0x44, 0, 0, 0, 0, 0, 0, 1, 0}, in, Unit::bytes, 256},
    {"MOVE MEDIUM", medium_changer, {0xa5, 0, 0, 0, 0, 1, 0, 2}, none, Unit::bytes, 0},
    {"READ ELEMENT STATUS", medium_changer, {0xb8, 0, 0, 0, 0, 9, 0, 0, 1, 2}, in, Unit::bytes, 258},
    {"SEND VOLUME TAG", medium_changer, {0xb6, 0, 0, 0, 0, 0, 0, 0, 0, 40}, out, Unit::bytes, 40},
    {"INITIALIZE ELEMENT STATUS", medium_changer, {0x07}, none, Unit::bytes, 0},
};

const std::vector<Row> cd{
    {"READ TOC", optical, {0x43, 0, 0, 0, 0, 0, 0, 3, 0x24}, in, Unit::bytes, 804},
    {"GET EVENT STATUS NOTIFICATION", optical, {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}, in, Unit::bytes, 8},
    {"READ CD", optical, {0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0x10}, in, Unit::unstated, 0},
    {"READ CD of nothing", optical, {0xbe, 0, 0, 0, 0, 0, 0, 0, 1, 0}, none, Unit::bytes, 0},
    {"BLANK", optical, {0xa1, 1}, none, Unit::bytes, 0},
    {"SEND KEY", optical, {0xa3, 0, 0, 0, 0, 0, 0, 0, 0, 16}, out, Unit::bytes, 16},
    {"REPORT KEY", optical, {0xa4, 0, 0, 0, 0, 0, 0, 0, 0, 8}, in, Unit::bytes, 8},
    {"SET STREAMING", optical, {0xb6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 28}, out, Unit::bytes, 28},
    {"GET PERFORMANCE write speed", optical, {0xac, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3}, in, Unit::bytes, 40},
    {"READ DISC INFORMATION", optical, {0x51, 0, 0, 0, 0, 0, 0, 0, 34}, in, Unit::bytes, 34},
};

INSTANTIATE_TEST_SUITE_P(Primary, CdbTransferRow, testing::ValuesIn(primary));
INSTANTIATE_TEST_SUITE_P(Disk, CdbTransferRow, testing::ValuesIn(disk));
INSTANTIATE_TEST_SUITE_P(TapeAndChanger, CdbTransferRow, testing::ValuesIn(tape_and_changer));
INSTANTIATE_TEST_SUITE_P(Optical, CdbTransferRow, testing::ValuesIn(cd));

TEST(CdbTransfer, AVendorSpecificCodeIsNotDescribed) { EXPECT_FALSE(cdb_transfer(block, cdb({0xc0, 1, 2, 3, 4, 5}))); }

TEST(CdbTransfer, ACommandOfAnotherDeviceTypeIsNotDescribed) {
  EXPECT_FALSE(cdb_transfer(block, cdb({0xb8, 0, 0, 0, 0, 9, 0, 0, 1, 2})));
  EXPECT_FALSE(cdb_transfer(medium_changer, cdb({0x28, 0, 0, 0, 0, 0, 0, 0, 1})));
}

TEST(CdbTransfer, ProtectionInformationIsToldApart) {
  EXPECT_FALSE(cdb_transfer(block, cdb({0x28, 0x08, 0, 0, 0, 0, 0, 0, 1}))->protection_information);
  EXPECT_TRUE(cdb_transfer(block, cdb({0x28, 0x20, 0, 0, 0, 0, 0, 0, 1}))->protection_information);
  EXPECT_FALSE(cdb_transfer(block, cdb({0x08, 0x1f, 0, 0, 1}))->protection_information);
}

TEST(DefaultTimeout, IsNotOneGlobalNumber) {
  EXPECT_EQ(default_timeout(block, cdb({0x28})), 60s);
  EXPECT_EQ(default_timeout(tape, cdb({0x0a, 0, 0, 2, 0})), 900s);
  EXPECT_EQ(default_timeout(tape, cdb({0x10, 0, 0, 0, 1})), 1800s);
  EXPECT_EQ(default_timeout(tape, cdb({0x01})), 3600s);
  EXPECT_EQ(default_timeout(tape, cdb({0x19, 1})), 86400s);
  EXPECT_EQ(default_timeout(medium_changer, cdb({0xa5})), 900s);
  EXPECT_EQ(default_timeout(medium_changer, cdb({0x07})), 3600s);
  EXPECT_GE(default_timeout(block, cdb({0x04})), 86400s);
  EXPECT_GE(default_timeout(optical, cdb({0xa1})), 3600s);
}

TEST(DefaultTimeout, AnUnknownTapeCommandMayWindTheTape) { EXPECT_GE(default_timeout(tape, cdb({0xc4})), 3600s); }

}  // namespace
}  // namespace tgt
