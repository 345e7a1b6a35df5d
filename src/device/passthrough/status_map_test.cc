// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/status_map.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/big_endian.h"

namespace tgt {
namespace {

using Executed = MappedStatus::Executed;
using Fault = ScsiResult::Fault;

constexpr MappingContext on_disk{.repetition = Repetition::harmless};
constexpr MappingContext on_tape{.repetition = Repetition::harmful};

ScsiResult ended(HostStatus host, Status status = Status::good) {
  ScsiResult result;
  result.sent = true;
  result.host_status = host;
  result.status = status;
  result.requested = 4096;
  return result;
}

ScsiResult with_sense(ScsiResult result, const Sense& sense) {
  result.status = Status::check_condition;
  result.driver_status = DriverStatus::sense;
  result.sense = SenseData::encode(sense, SenseData::Format::fixed);
  return result;
}

void expect_sense(const MappedStatus& mapped, SenseKey key, std::uint8_t code, std::uint8_t qualifier) {
  ASSERT_EQ(mapped.status, Status::check_condition);
  ASSERT_TRUE(mapped.sense.has_value());
  EXPECT_EQ(mapped.sense->key, key);
  EXPECT_EQ(mapped.sense->additional, (AdditionalSense{code, qualifier}));
  EXPECT_FALSE(mapped.data_counts);
}

// A row of the table that gives sense, for disks and for tapes.
struct SenseRow {
  HostStatus host;
  SenseKey key;
  std::uint8_t code, qualifier;
  SenseKey tape_key;
  std::uint8_t tape_code, tape_qualifier;
  Executed executed;
};

constexpr SenseRow sense_rows[] = {
    {HostStatus::no_connect, SenseKey::not_ready, 0x08, 0, SenseKey::not_ready, 0x08, 0, Executed::surely_not},
    {HostStatus::time_out, SenseKey::aborted_command, 0x08, 1, SenseKey::hardware_error, 0x08, 1, Executed::unknown},
    {HostStatus::bad_target, SenseKey::illegal_request, 0x25, 0, SenseKey::illegal_request, 0x25, 0,
     Executed::surely_not},
    {HostStatus::abort, SenseKey::aborted_command, 0, 0, SenseKey::hardware_error, 0, 0, Executed::unknown},
    {HostStatus::parity, SenseKey::aborted_command, 0x47, 3, SenseKey::hardware_error, 0x47, 3, Executed::unknown},
    {HostStatus::error, SenseKey::aborted_command, 0x08, 0, SenseKey::hardware_error, 0x44, 0, Executed::unknown},
    {HostStatus::reset, SenseKey::unit_attention, 0x29, 0, SenseKey::unit_attention, 0x29, 0, Executed::unknown},
    {HostStatus::bad_interrupt, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0,
     Executed::unknown},
    {HostStatus::passthrough, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0, Executed::unknown},
    {HostStatus::transport_failfast, SenseKey::not_ready, 0x08, 0, SenseKey::hardware_error, 0x08, 0,
     Executed::unknown},
    {HostStatus::transport_marginal, SenseKey::not_ready, 0x08, 0, SenseKey::hardware_error, 0x08, 0,
     Executed::unknown},
    {HostStatus::target_failure, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0,
     Executed::unknown},
    {HostStatus::nexus_failure, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0,
     Executed::unknown},
    {HostStatus::allocation_failure, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0,
     Executed::unknown},
    {HostStatus::medium_error, SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0, Executed::unknown},
    {static_cast<HostStatus>(0x77), SenseKey::hardware_error, 0x44, 0, SenseKey::hardware_error, 0x44, 0,
     Executed::unknown},
};

TEST(StatusMap, EveryHostStatusThatTellsOfATroubleBecomesSenseForDisksAndTapes) {
  for (const SenseRow& row : sense_rows) {
    SCOPED_TRACE(static_cast<int>(row.host));
    const MappedStatus disk = map_status(ended(row.host), on_disk);
    expect_sense(disk, row.key, row.code, row.qualifier);
    EXPECT_EQ(disk.executed, row.executed);
    const MappedStatus tape = map_status(ended(row.host), on_tape);
    expect_sense(tape, row.tape_key, row.tape_code, row.tape_qualifier);
    EXPECT_EQ(tape.executed, row.executed);
  }
}

TEST(StatusMap, AFullBusIsBusyAndSurelyNotExecuted) {
  for (const HostStatus host : {HostStatus::bus_busy, HostStatus::requeue, HostStatus::immediate_retry}) {
    const MappedStatus mapped = map_status(ended(host), on_tape);
    EXPECT_EQ(mapped.status, Status::busy);
    EXPECT_EQ(mapped.executed, Executed::surely_not);
    EXPECT_FALSE(mapped.sense.has_value());
  }
}

TEST(StatusMap, ADisturbedTransportIsBusyForDisksButNeverInvitesATapeToRepeat) {
  for (const HostStatus host : {HostStatus::soft_error, HostStatus::transport_disrupted}) {
    EXPECT_EQ(map_status(ended(host), on_disk).status, Status::busy);
    expect_sense(map_status(ended(host), on_tape), SenseKey::hardware_error, 0x08, 0x00);
  }
}

TEST(StatusMap, NoHostStatusButZeroIsEverGood) {
  for (int host = 1; host <= 0xff; ++host) {
    for (const MappingContext& context : {on_disk, on_tape}) {
      const MappedStatus mapped = map_status(ended(static_cast<HostStatus>(host)), context);
      EXPECT_NE(mapped.status, Status::good) << host;
      EXPECT_FALSE(mapped.data_counts) << host;
    }
  }
}

TEST(StatusMap, NoFaultOfTheOperatingSystemIsEverGood) {
  for (const Fault fault : {Fault::dropped, Fault::no_resources, Fault::transfer_refused, Fault::cdb_refused,
                            Fault::not_permitted, Fault::offline, Fault::gone, Fault::other}) {
    const MappedStatus unsent = map_status(ScsiResult::failed(fault, false), on_disk);
    EXPECT_NE(unsent.status, Status::good);
    EXPECT_EQ(unsent.executed, Executed::surely_not);
    EXPECT_EQ(map_status(ScsiResult::failed(fault, true), on_disk).executed, Executed::unknown);
  }
}

TEST(StatusMap, ATimeOutWithStatusZeroIsNotReportedGood) {
  ScsiResult result = ended(HostStatus::time_out, Status::good);
  result.residual = 0;
  expect_sense(map_status(result, on_disk), SenseKey::aborted_command, 0x08, 0x01);
}

TEST(StatusMap, ATimeOutWithStaleSenseInTheBufferIsStillATimeOut) {
  ScsiResult result = ended(HostStatus::time_out, Status::good);
  result.driver_status = DriverStatus::sense;
  result.sense = SenseData::encode(Sense::scsi_bus_reset(), SenseData::Format::fixed);
  expect_sense(map_status(result, on_disk), SenseKey::aborted_command, 0x08, 0x01);
}

TEST(StatusMap, DriverStatusSenseWithStatusGoodIsGoodAndItsSenseMeansNothing) {
  ScsiResult result = ended(HostStatus::ok, Status::good);
  result.driver_status = DriverStatus::sense;
  result.sense = SenseData::encode(Sense::power_on_or_reset(), SenseData::Format::fixed);
  const MappedStatus mapped = map_status(result, on_disk);
  EXPECT_EQ(mapped.status, Status::good);
  EXPECT_FALSE(mapped.sense.has_value());
  EXPECT_TRUE(mapped.data_counts);
}

TEST(StatusMap, ErrorsThatOldKernelsPutIntoTheDriverStatusAreNotGood) {
  for (const DriverStatus driver : {DriverStatus::soft, DriverStatus::media, DriverStatus::error, DriverStatus::invalid,
                                    DriverStatus::hard, static_cast<DriverStatus>(9)}) {
    ScsiResult result = ended(HostStatus::ok);
    result.driver_status = driver;
    expect_sense(map_status(result, on_disk), SenseKey::aborted_command, 0x08, 0x00);
    expect_sense(map_status(result, on_tape), SenseKey::hardware_error, 0x44, 0x00);
  }
  ScsiResult result = ended(HostStatus::ok);
  result.driver_status = DriverStatus::busy;
  EXPECT_EQ(map_status(result, on_disk).status, Status::busy);
  result.driver_status = DriverStatus::timeout;
  expect_sense(map_status(result, on_disk), SenseKey::aborted_command, 0x08, 0x01);
  expect_sense(map_status(result, on_tape), SenseKey::hardware_error, 0x08, 0x01);
}

TEST(StatusMap, NothingThatMayHaveBeenDoneInvitesATapesInitiatorToDoItAgain) {
  for (int host = 0; host <= 0xff; ++host) {
    for (int driver = 0; driver <= 9; ++driver) {
      ScsiResult result = ended(static_cast<HostStatus>(host));
      result.driver_status = static_cast<DriverStatus>(driver);
      const MappedStatus mapped = map_status(result, on_tape);
      if (mapped.executed != Executed::unknown) continue;
      EXPECT_NE(mapped.status, Status::busy) << host << " " << driver;
      ASSERT_TRUE(mapped.sense.has_value()) << host << " " << driver;
      EXPECT_NE(mapped.sense->key, SenseKey::aborted_command) << host << " " << driver;
      EXPECT_NE(mapped.sense->key, SenseKey::not_ready) << host << " " << driver;
    }
  }
}

TEST(StatusMap, EveryStatusOfTheDeviceItselfPassesAsItIs) {
  for (const int status : {0x00, 0x04, 0x08, 0x14, 0x18, 0x22, 0x28, 0x30, 0x40}) {
    const MappedStatus mapped = map_status(ended(HostStatus::ok, static_cast<Status>(status)), on_disk);
    EXPECT_EQ(static_cast<int>(mapped.status), status);
    EXPECT_FALSE(mapped.sense.has_value());
    EXPECT_EQ(mapped.data_counts, status == 0x00 || status == 0x04);
  }
}

TEST(StatusMap, TheDevicesOwnSenseIsNotReplaced) {
  const ScsiResult result = with_sense(ended(HostStatus::ok), Sense::medium_not_present());
  const MappedStatus mapped = map_status(result, on_disk);
  EXPECT_EQ(mapped.status, Status::check_condition);
  EXPECT_FALSE(mapped.sense.has_value());
  EXPECT_EQ(mapped.executed, Executed::yes);
}

TEST(StatusMap, CheckConditionWithoutSenseIsNotToldOnWithoutAny) {
  const ScsiResult result = ended(HostStatus::ok, Status::check_condition);
  expect_sense(map_status(result, on_disk), SenseKey::aborted_command, 0x08, 0x00);
  expect_sense(map_status(result, on_tape), SenseKey::hardware_error, 0x44, 0x00);
}

TEST(StatusMap, HostErrorWithTheDevicesStatusUsesTheDevicesStatus) {
  const MappedStatus sense = map_status(with_sense(ended(HostStatus::error), Sense::write_protected()), on_tape);
  EXPECT_EQ(sense.status, Status::check_condition);
  EXPECT_FALSE(sense.sense.has_value());
  EXPECT_EQ(map_status(ended(HostStatus::error, Status::reservation_conflict), on_disk).status,
            Status::reservation_conflict);
}

TEST(StatusMap, TheHostStatusIntoWhichOldKernelsFoldDeviceErrorsIsIgnoredWhenTheDeviceSaidWhy) {
  for (const HostStatus host : {HostStatus::target_failure, HostStatus::nexus_failure, HostStatus::allocation_failure,
                                HostStatus::medium_error}) {
    const MappedStatus sense = map_status(with_sense(ended(host), Sense::unrecovered_read_error()), on_disk);
    EXPECT_EQ(sense.status, Status::check_condition);
    EXPECT_FALSE(sense.sense.has_value());
    EXPECT_EQ(map_status(ended(host, Status::reservation_conflict), on_disk).status, Status::reservation_conflict);
  }
}

TEST(StatusMap, AResetByStrangersIsAUnitAttentionForEverybody) {
  const MappedStatus mapped = map_status(ended(HostStatus::reset), on_disk);
  expect_sense(mapped, SenseKey::unit_attention, 0x29, 0x00);
  EXPECT_TRUE(mapped.was_reset);
}

TEST(StatusMap, WhatOurOwnResetEndedIsAborted) {
  MappingContext context = on_disk;
  context.our_reset_pending = true;
  for (const HostStatus host :
       {HostStatus::reset, HostStatus::abort, HostStatus::error, HostStatus::transport_disrupted}) {
    const MappedStatus mapped = map_status(ended(host), context);
    EXPECT_EQ(mapped.status, Status::task_aborted);
    EXPECT_FALSE(mapped.was_reset);
  }
}

TEST(StatusMap, ALongCdbThatTheAdapterAbortsIsAnUnknownCommand) {
  MappingContext context = on_disk;
  context.cdb_length = 32;
  const MappedStatus mapped = map_status(ended(HostStatus::abort), context);
  expect_sense(mapped, SenseKey::illegal_request, 0x20, 0x00);
  EXPECT_EQ(mapped.executed, Executed::surely_not);
}

TEST(StatusMap, QueueFullIsTaskSetFullOrBusyAndNeverAnError) {
  MappingContext context = on_disk;
  const ScsiResult full = ScsiResult::failed(Fault::no_resources, false);
  EXPECT_EQ(map_status(full, context).status, Status::busy);
  context.others_outstanding = true;
  EXPECT_EQ(map_status(full, context).status, Status::task_set_full);
}

TEST(StatusMap, WhatTheKernelRefusesIsAnIllegalRequest) {
  expect_sense(map_status(ScsiResult::failed(Fault::transfer_refused, false), on_disk), SenseKey::illegal_request, 0x24,
               0x00);
  expect_sense(map_status(ScsiResult::failed(Fault::cdb_refused, false), on_disk), SenseKey::illegal_request, 0x20,
               0x00);
  expect_sense(map_status(ScsiResult::failed(Fault::not_permitted, false), on_disk), SenseKey::illegal_request, 0x20,
               0x00);
}

TEST(StatusMap, AnOfflineDeviceIsNotReadyAndARemovedOneIsNoLogicalUnit) {
  expect_sense(map_status(ScsiResult::failed(Fault::offline, false), on_disk), SenseKey::not_ready, 0x08, 0x00);
  const MappedStatus gone = map_status(ScsiResult::failed(Fault::gone, true), on_disk);
  expect_sense(gone, SenseKey::illegal_request, 0x25, 0x00);
  EXPECT_TRUE(gone.device_gone);
}

// Fixed format sense of a tape: `flags` are FILEMARK 80h, EOM 40h and ILI 20h.
ScsiResult tape_sense(std::uint8_t flags, SenseKey key, std::uint32_t residual) {
  const std::vector<std::uint8_t> bytes{0xf0, 0,  static_cast<std::uint8_t>(flags | static_cast<std::uint8_t>(key)),
                                        0,    0,  0,
                                        0,    10, 0,
                                        0,    0,  0,
                                        0,    0,  0,
                                        0,    0,  0};
  ScsiResult result = ended(HostStatus::ok, Status::check_condition);
  result.sense = SenseData::from_device(bytes);
  result.residual = residual;
  return result;
}

TEST(StatusMap, DataAndSenseGoTogetherForFilemarksWrongLengthsAndEndOfMedium) {
  EXPECT_TRUE(map_status(tape_sense(0x80, SenseKey::no_sense, 4096), on_tape).data_counts);
  EXPECT_TRUE(map_status(tape_sense(0x20, SenseKey::no_sense, 3072), on_tape).data_counts);
  EXPECT_TRUE(map_status(tape_sense(0x20, SenseKey::no_sense, 0), on_tape).data_counts);
  EXPECT_TRUE(map_status(tape_sense(0x40, SenseKey::no_sense, 0), on_tape).data_counts);
  EXPECT_TRUE(map_status(tape_sense(0x40, SenseKey::volume_overflow, 0), on_tape).data_counts);
  EXPECT_TRUE(map_status(tape_sense(0x00, SenseKey::recovered_error, 0), on_tape).data_counts);
}

TEST(StatusMap, WhereTheDriverTellsNoResidualTheDevicesInformationLimitsWhatWasTransferred) {
  struct Case {
    std::uint8_t flags;
    bool valid;
    std::uint32_t information;
    std::uint32_t residual;
    std::uint32_t unit;
    std::uint32_t transferred;
  };
  constexpr Case cases[] = {
      {0x80, true, 4096, 0, 1, 0},                                             // a filemark at once
      {0x20, true, 1024, 0, 1, 3072},                                          // a short block
      {0x20, true, 1024, 1024, 1, 3072},                                       // both say so
      {0x20, true, 1024, 2048, 1, 2048},                                       // the less is believed
      {0x20, true, 0xfffffc00u, 0, 1, 4096},                                   // a block that was longer
      {0x80, true, 3, 0, 512, 2560},                                           // a filemark after five of eight blocks
      {0x80, true, 0x7fffffffu, 0, 512, 0},  {0x80, false, 4096, 0, 1, 4096},  // INFORMATION is not valid
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.information);
    std::vector<std::uint8_t> bytes{0x70, 0, one.flags, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    if (one.valid) bytes[0] |= 0x80;
    copy_bytes(bytes_of(be32(one.information)), MutableBytes(bytes).subspan(3));
    ScsiResult result = ended(HostStatus::ok, Status::check_condition);
    result.sense = SenseData::from_device(bytes);
    result.residual = one.residual;
    MappingContext context = on_tape;
    context.information_unit = one.unit;
    const MappedStatus mapped = map_status(result, context);
    EXPECT_TRUE(mapped.data_counts);
    EXPECT_EQ(mapped.transferred, one.transferred);
  }
}

TEST(StatusMap, ADeferredErrorComesWithoutDataAndItsCommandWasNotCarriedOut) {
  Sense sense = Sense::of(SenseKey::recovered_error, 0x0c, 0x00);
  sense.deferred = true;
  const MappedStatus mapped = map_status(with_sense(ended(HostStatus::ok), sense), on_tape);
  EXPECT_EQ(mapped.status, Status::check_condition);
  EXPECT_FALSE(mapped.data_counts);
  EXPECT_EQ(mapped.executed, Executed::surely_not);
}

TEST(StatusMap, DataOfAFailedCommandCountsOnlyWhenTheDriverToldHowMuchThereWas) {
  // scsi_debug, READ beyond the end: residual 0 although nothing moved.
  EXPECT_FALSE(map_status(with_sense(ended(HostStatus::ok), Sense::lba_out_of_range(9)), on_disk).data_counts);
  ScsiResult partly = with_sense(ended(HostStatus::ok), Sense::unrecovered_read_error());
  EXPECT_FALSE(map_status(partly, on_disk).data_counts);
  partly.residual = 512;
  EXPECT_TRUE(map_status(partly, on_disk).data_counts);
}

TEST(StatusMap, DataCountsWithRecoveredErrorInDescriptorFormat) {
  ScsiResult result = ended(HostStatus::ok, Status::check_condition);
  const Sense recovered = Sense::of(SenseKey::recovered_error, 0x17, 0x01);
  result.sense = SenseData::encode(recovered, SenseData::Format::descriptor);
  EXPECT_TRUE(map_status(result, on_disk).data_counts);
}

TEST(StatusMap, NeverMoreIsTransferredThanWasAskedForWhateverTheResidualSays) {
  ScsiResult result = ended(HostStatus::ok);
  result.requested = 100;
  result.residual = 4000;
  EXPECT_EQ(result.transferred(), 0u);
  result.residual = 40;
  EXPECT_EQ(result.transferred(), 60u);
}

}  // namespace
}  // namespace tgt
