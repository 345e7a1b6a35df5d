// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/command_timeouts.h"

#include <gtest/gtest.h>

#include "scsi/cdb_transfer.h"
#include "scsi/parameter_writer.h"
#include "scsi/report_supported.h"

namespace tgt {
namespace {

using namespace report_supported;

Cdb cdb_of(std::initializer_list<std::uint8_t> bytes) {
  std::vector<std::uint8_t> whole(bytes);
  whole.resize(16);
  return *Cdb::from_transport(whole);
}

struct Supported {
  std::array<std::uint8_t, 512> memory{};
  ParameterWriter writer{memory};

  Supported() { writer.append(AllCommandsHeader{}); }
  void add(std::uint8_t code, std::optional<std::uint16_t> action, std::uint32_t recommended) {
    CommandDescriptor descriptor;
    descriptor.operation_code = code;
    descriptor.flags = CommandDescriptor::timeouts_descriptor_present;
    if (action) descriptor.flags |= CommandDescriptor::service_action_valid;
    descriptor.service_action = action.value_or(0);
    writer.append(descriptor);
    TimeoutsDescriptor timeouts;
    timeouts.recommended_command_timeout = recommended;
    writer.append(timeouts);
  }
  Bytes data() {
    const auto length = static_cast<std::uint32_t>(writer.length() - sizeof(AllCommandsHeader));
    writer.replace(0, AllCommandsHeader{length});
    return writer.written();
  }
};

TEST(CommandTimeouts, TheDevicesOwnRecommendationIsTaken) {
  Supported supported;
  supported.add(0x08, std::nullopt, 1440);
  supported.add(0x19, std::nullopt, 18000);
  CommandTimeouts timeouts(PeripheralDeviceType::tape);
  timeouts.learn(supported.data());
  EXPECT_EQ(timeouts.of(cdb_of({0x08})), std::chrono::seconds(1440));
  EXPECT_EQ(timeouts.of(cdb_of({0x19})), std::chrono::seconds(18000));
}

TEST(CommandTimeouts, ServiceActionsHaveTheirOwn) {
  Supported supported;
  supported.add(0x9e, 0x10, 60);
  supported.add(0x9e, 0x12, 600);
  CommandTimeouts timeouts(PeripheralDeviceType::block);
  timeouts.learn(supported.data());
  EXPECT_EQ(timeouts.of(cdb_of({0x9e, 0x10})), std::chrono::seconds(60));
  EXPECT_EQ(timeouts.of(cdb_of({0x9e, 0x12})), std::chrono::seconds(600));
}

TEST(CommandTimeouts, WhatTheDeviceDoesNotTellComesFromTheClassOfTheCommand) {
  Supported supported;
  supported.add(0x28, std::nullopt, 0);
  CommandTimeouts timeouts(PeripheralDeviceType::block);
  timeouts.learn(supported.data());
  for (const Cdb& cdb : {cdb_of({0x28}), cdb_of({0x2a}), cdb_of({0x04})}) {
    EXPECT_EQ(timeouts.of(cdb), default_timeout(PeripheralDeviceType::block, cdb));
  }
}

TEST(CommandTimeouts, ARobotsMoveAndATapesEraseAreNotCutAtHalfAMinute) {
  EXPECT_GE(CommandTimeouts(PeripheralDeviceType::medium_changer).of(cdb_of({0xa5})), std::chrono::minutes(10));
  EXPECT_GE(CommandTimeouts(PeripheralDeviceType::tape).of(cdb_of({0x19})), std::chrono::hours(1));
  EXPECT_GE(CommandTimeouts(PeripheralDeviceType::block).of(cdb_of({0x04})), std::chrono::hours(1));
  EXPECT_GE(CommandTimeouts(PeripheralDeviceType::optical).of(cdb_of({0xa1})), std::chrono::hours(1));
  EXPECT_LE(CommandTimeouts(PeripheralDeviceType::block).of(cdb_of({0x28})), std::chrono::minutes(2));
}

TEST(CommandTimeouts, AHastyRecommendationIsRaisedAndAnAdministratorsWordIsLaw) {
  Supported supported;
  supported.add(0x00, std::nullopt, 1);
  CommandTimeouts timeouts(PeripheralDeviceType::block);
  timeouts.learn(supported.data());
  EXPECT_EQ(timeouts.of(cdb_of({0x00})), CommandTimeouts::shortest);
  timeouts.fix(std::chrono::seconds(7));
  EXPECT_EQ(timeouts.of(cdb_of({0x00})), std::chrono::seconds(7));
}

TEST(CommandTimeouts, MalformedDataTeachesWhatItHoldsAndNothingElse) {
  Supported supported;
  supported.add(0x28, std::nullopt, 77);
  supported.add(0x2a, std::nullopt, 88);
  const Bytes whole = supported.data();
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    CommandTimeouts timeouts(PeripheralDeviceType::block);
    timeouts.learn(whole.first(length));
    EXPECT_LE(timeouts.learned(), 2u);
  }
}

}  // namespace
}  // namespace tgt
