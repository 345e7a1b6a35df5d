// SPDX-License-Identifier: Apache-2.0
#include "core/command_table.h"

#include <gtest/gtest.h>

#include "core/fake_device.h"

namespace tgt {
namespace {

Cdb cdb_of(std::vector<std::uint8_t> bytes) { return *Cdb::from_transport(bytes); }

struct WithAction {
  static constexpr std::string_view name = "WITH SERVICE ACTION";
  static constexpr std::uint8_t operation_code = 0x9e;
  static constexpr std::uint16_t service_action = 0x10;
  static constexpr std::uint8_t cdb_length = 16;
  static constexpr Access access = Access::none;
  static constexpr Field allocation_length{10, 7, 32};
  static constexpr std::array fields{allocation_length};
  static Reply run(FakeDevice&, Command&) { return Reply::good(); }
};

struct AnotherAction : WithAction {
  static constexpr std::string_view name = "ANOTHER SERVICE ACTION";
  static constexpr std::uint16_t service_action = 0x12;
};

struct Long {
  static constexpr std::string_view name = "READ(32)";
  static constexpr std::uint8_t operation_code = 0x7f;
  static constexpr std::uint16_t service_action = 0x0009;
  static constexpr std::uint8_t cdb_length = 32;
  static constexpr Access access = Access::read;
  static constexpr Field logical_block_address{12, 7, 64};
  static constexpr std::array fields{logical_block_address};
  static Reply run(FakeDevice&, Command&) { return Reply::good(); }
};

constexpr auto commands =
    command_set<FakeDevice, FakeDevice::Read, FakeDevice::TestUnitReady, AnotherAction, WithAction, Long>();

Result<const CommandTraits*, Sense> decode(std::vector<std::uint8_t> bytes) {
  return CommandTable(commands).decode(cdb_of(std::move(bytes)));
}

void expect_pointer(const Result<const CommandTraits*, Sense>& decoded, unsigned byte, unsigned bit) {
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error(), Sense::invalid_field_in_cdb());
  ASSERT_TRUE(decoded.error().field);
  EXPECT_EQ(decoded.error().field->where, FieldPointer::Where::cdb);
  EXPECT_EQ(decoded.error().field->byte, byte);
  EXPECT_EQ(decoded.error().field->bit, bit);
}

TEST(CommandTable, FindsACommandByItsOperationCode) {
  const auto decoded = decode({0x28, 0, 1, 2, 3, 4, 0, 0, 1, 0});
  ASSERT_TRUE(decoded);
  EXPECT_EQ((*decoded)->name, "READ(10)");
}

TEST(CommandTable, RefusesAnUnknownOperationCode) {
  EXPECT_EQ(decode({0x29, 0, 0, 0, 0, 0, 0, 0, 0, 0}).error(), Sense::invalid_operation_code());
}

TEST(CommandTable, PointsAtTheHighestUndefinedBitOfTheFirstOffendingByte) {
  expect_pointer(decode({0x28, 0, 0, 0, 0, 0, 0x48, 0, 1, 0}), 6, 6);
  expect_pointer(decode({0x00, 0, 0, 0x01, 0xff, 0}), 3, 0);
}

TEST(CommandTable, TakesTheOldLunFieldOfByteOneForReserved) { expect_pointer(decode({0x00, 0x20, 0, 0, 0, 0}), 1, 5); }

TEST(CommandTable, RefusesNacaWithAPointerToIt) {
  expect_pointer(decode({0x00, 0, 0, 0, 0, 0x04}), 5, 2);
  std::vector<std::uint8_t> variable(32);
  variable[0] = 0x7f;
  variable[1] = 0x04;
  variable[7] = 24;
  variable[9] = 0x09;
  expect_pointer(decode(variable), 1, 2);
}

TEST(CommandTable, IgnoresTheVendorSpecificBitsOfControl) { EXPECT_TRUE(decode({0x00, 0, 0, 0, 0, 0xc0})); }

TEST(CommandTable, TellsServiceActionsApart) {
  std::vector<std::uint8_t> bytes(16);
  bytes[0] = 0x9e;
  bytes[1] = 0x10;
  EXPECT_EQ((*decode(bytes))->name, "WITH SERVICE ACTION");
  bytes[1] = 0x12;
  EXPECT_EQ((*decode(bytes))->name, "ANOTHER SERVICE ACTION");
  bytes[1] = 0x11;
  expect_pointer(decode(bytes), 1, 4);
  bytes[1] = 0x90;
  expect_pointer(decode(bytes), 1, 7);
}

TEST(CommandTable, FindsAVariableLengthCommandByItsTwoByteServiceAction) {
  std::vector<std::uint8_t> bytes(32);
  bytes[0] = 0x7f;
  bytes[7] = 24;
  bytes[9] = 0x09;
  bytes[12] = 0xff;
  ASSERT_TRUE(decode(bytes));
  EXPECT_EQ((*decode(bytes))->name, "READ(32)");
  bytes[9] = 0x0b;
  expect_pointer(decode(bytes), 8, 7);
  bytes[9] = 0x09;
  bytes[7] = 16;
  bytes.resize(24);
  expect_pointer(decode(bytes), 7, 7);
}

}  // namespace
}  // namespace tgt
