// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/command_access.h"

#include <gtest/gtest.h>

#include <vector>

namespace tgt {
namespace {

Cdb cdb_of_code(std::uint8_t code, std::uint8_t byte_1 = 0, std::uint8_t byte_4 = 0) {
  std::vector<std::uint8_t> bytes(16);
  bytes[0] = code;
  bytes[1] = byte_1;
  bytes[4] = byte_4;
  return *Cdb::from_transport(bytes);
}

constexpr AccessRule rules[] = {access_of_block_command, access_of_tape_command, access_of_changer_command,
                                access_of_optical_command, access_of_other_command};

TEST(CommandAccess, QuestionsThatEveryDeviceAnswersAreFree) {
  for (const AccessRule rule : rules) {
    for (const int code : {0x00, 0x03, 0x12, 0x4d, 0xa0}) {
      EXPECT_EQ(rule(cdb_of_code(static_cast<std::uint8_t>(code))), Access::none) << code;
    }
    for (const int code : {0x1a, 0x5a, 0x1c, 0x3c, 0x8c}) {
      EXPECT_EQ(rule(cdb_of_code(static_cast<std::uint8_t>(code))), Access::read) << code;
    }
    for (const int code : {0x15, 0x55, 0x4c, 0x1d, 0x3b, 0x8d, 0xc5, 0xff}) {
      EXPECT_EQ(rule(cdb_of_code(static_cast<std::uint8_t>(code))), Access::write) << code;
    }
    EXPECT_EQ(rule(cdb_of_code(0x1e)), Access::none);
    EXPECT_EQ(rule(cdb_of_code(0x1e, 0, 1)), Access::write);
  }
}

TEST(CommandAccess, OneCodeMeansOneThingToEachDeviceType) {
  EXPECT_EQ(access_of_tape_command(cdb_of_code(0x01)), Access::read) << "REWIND";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x01)), Access::write);
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x34)), Access::read) << "PRE-FETCH";
  EXPECT_EQ(access_of_tape_command(cdb_of_code(0x34)), Access::read) << "READ POSITION";
  EXPECT_EQ(access_of_tape_command(cdb_of_code(0x93)), Access::write) << "ERASE";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0xb8)), Access::write);
  EXPECT_EQ(access_of_changer_command(cdb_of_code(0xb8)), Access::read) << "READ ELEMENT STATUS";
  EXPECT_EQ(access_of_changer_command(cdb_of_code(0xa5)), Access::write) << "MOVE MEDIUM";
  EXPECT_EQ(access_of_optical_command(cdb_of_code(0xa3)), Access::write) << "SEND KEY";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0xa3, 0x0c)), Access::read);
  EXPECT_EQ(access_of_block_command(cdb_of_code(0xa3, 0x0f)), Access::none);
}

TEST(CommandAccess, ServiceActionsAreToldApart) {
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x9e, 0x10)), Access::none) << "READ CAPACITY(16)";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x9e, 0x12)), Access::read) << "GET LBA STATUS";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x9e, 0x11)), Access::write) << "READ LONG";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x1b, 0, 1)), Access::none) << "start";
  EXPECT_EQ(access_of_block_command(cdb_of_code(0x1b)), Access::write) << "stop";
  std::vector<std::uint8_t> bytes(32);
  bytes[0] = 0x7f;
  bytes[7] = 24;
  bytes[9] = 0x09;
  EXPECT_EQ(access_of_block_command(*Cdb::from_transport(bytes)), Access::read) << "READ(32)";
  bytes[9] = 0x0b;
  EXPECT_EQ(access_of_block_command(*Cdb::from_transport(bytes)), Access::write) << "WRITE(32)";
}

}  // namespace
}  // namespace tgt
