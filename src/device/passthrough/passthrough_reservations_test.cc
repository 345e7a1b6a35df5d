// SPDX-License-Identifier: Apache-2.0
// Reservations of a device that knows only one nexus, this host: kept here, for each initiator.
#include "device/passthrough/passthrough_bench.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;

class PassthroughReservations : public PassthroughBench {
 protected:
  static Data keys(std::uint8_t key, std::uint8_t action_key) {
    Data list(24);
    list[7] = key;
    list[15] = action_key;
    return list;
  }
  Status out(Host& host, std::uint8_t action, std::uint8_t type, const Data& list) {
    return run(host, {.cdb = {0x5f, action, type, 0, 0, 0, 0, 0, 24, 0}, .data_out = list})->status;
  }
  Status read(Host& host) { return run(host, {.cdb = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .expected_in = 512})->status; }
  Status write(Host& host) {
    return run(host, {.cdb = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .data_out = Data(512)})->status;
  }
  Status send(Host& host, Data cdb) { return run(host, {.cdb = std::move(cdb)})->status; }
};

TEST_F(PassthroughReservations, AReservedDeviceServesItsHolderOnlyAndNeverLearnsOfIt) {
  make(PeripheralDeviceType::block);
  EXPECT_EQ(send(a_, {0x16, 0, 0, 0, 0, 0}), Status::good);
  EXPECT_EQ(send(b_, {0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Status::reservation_conflict);
  EXPECT_EQ(read(b_), Status::reservation_conflict);
  EXPECT_EQ(sent_to_device(), 0u);
  EXPECT_EQ(read(a_), Status::good);
  EXPECT_EQ(send(a_, {0x17, 0, 0, 0, 0, 0}), Status::good);
  EXPECT_EQ(read(b_), Status::good);
  EXPECT_EQ(sent_to_device(), 2u);
}

TEST_F(PassthroughReservations, ElementsAreNotReservedOneByOne) {
  make(PeripheralDeviceType::medium_changer);
  expect_sense(*run({.cdb = {0x16, 0x01, 0, 0, 6, 0}}), Sense::invalid_field_in_cdb());
}

TEST_F(PassthroughReservations, OthersMayReadUnderWriteExclusive) {
  make(PeripheralDeviceType::block);
  EXPECT_EQ(out(a_, 0, 0, keys(0, 0xa)), Status::good);
  EXPECT_EQ(out(a_, 1, 0x01, keys(0xa, 0)), Status::good);
  EXPECT_EQ(read(b_), Status::good);
  EXPECT_EQ(write(b_), Status::reservation_conflict);
  EXPECT_EQ(send(b_, {0xc5, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Status::reservation_conflict) << "a vendor's own command";
  EXPECT_EQ(send(b_, {0x4d, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Status::good) << "LOG SENSE";
  EXPECT_EQ(write(a_), Status::good);
  EXPECT_EQ(sent_to_device(), 3u);
}

TEST_F(PassthroughReservations, ATapeOfAnotherIsNeitherReadNorMovedUnderExclusiveAccess) {
  make(PeripheralDeviceType::tape, 0);
  EXPECT_EQ(out(a_, 0, 0, keys(0, 0xa)), Status::good);
  EXPECT_EQ(out(a_, 1, 0x03, keys(0xa, 0)), Status::good);
  for (const int code : {0x01, 0x08, 0x0a, 0x10, 0x11, 0x19, 0x1b}) {
    EXPECT_EQ(send(b_, {static_cast<std::uint8_t>(code), 0, 0, 0, 0, 0}), Status::reservation_conflict) << code;
  }
  EXPECT_EQ(send(b_, {0x05, 0, 0, 0, 0, 0}), Status::good) << "READ BLOCK LIMITS";
  EXPECT_EQ(send(a_, {0x01, 0, 0, 0, 0, 0}), Status::good) << "REWIND";
}

TEST_F(PassthroughReservations, APreemptedInitiatorIsTold) {
  make(PeripheralDeviceType::block);
  EXPECT_EQ(out(a_, 0, 0, keys(0, 0xa)), Status::good);
  EXPECT_EQ(out(b_, 0, 0, keys(0, 0xb)), Status::good);
  EXPECT_EQ(out(a_, 1, 0x05, keys(0xa, 0)), Status::good);
  EXPECT_EQ(out(b_, 5, 0x05, keys(0xb, 0xa)), Status::good) << "PREEMPT AND ABORT";
  expect_sense(*run(a_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::of(SenseKey::unit_attention, 0x2a, 0x05));
  EXPECT_EQ(write(a_), Status::reservation_conflict);
  EXPECT_EQ(write(b_), Status::good);
}

}  // namespace
}  // namespace tgt
