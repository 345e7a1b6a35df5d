// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_device.h"

#include "device/passthrough/passthrough_bench.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;
using When = LoopbackPort::Reaction::When;

Data read_10(std::uint8_t blocks) { return {0x28, 0, 0, 0, 0, 0, 0, 0, blocks, 0}; }
Data write_10(std::uint8_t blocks) { return {0x2a, 0, 0, 0, 0, 0, 0, 0, blocks, 0}; }
constexpr std::uint64_t some_tag = 77;

// --- What goes to the device

TEST_F(PassthroughBench, EveryCdbGoesToTheDeviceWithItsOwnLength) {
  make(PeripheralDeviceType::block);
  Data read_32(32);
  read_32[0] = 0x7f;
  read_32[7] = 24;
  read_32[9] = 0x09;
  read_32[31] = 1;
  const std::vector<std::pair<Data, std::size_t>> cdbs{{{0x08, 0, 0, 0, 1, 0}, 6},
                                                       {read_10(1), 10},
                                                       {{0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 12},
                                                       {{0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 16},
                                                       {read_32, 32}};
  for (const auto& [cdb, length] : cdbs) {
    Data carried = cdb;
    if (carried.size() < 16) carried.resize(16);  // iSCSI carries sixteen bytes
    EXPECT_EQ(run({.cdb = carried, .expected_in = 512})->status, Status::good);
    EXPECT_EQ(last().cdb.length(), length);
    EXPECT_EQ(last().direction, DataDirection::data_in);
    EXPECT_EQ(last().length, 512u);
  }
}

TEST_F(PassthroughBench, ACommandWithoutDataIsSentWithoutDataWhateverTheInitiatorExpects) {
  make(PeripheralDeviceType::tape);
  const auto outcome = run({.cdb = {0x01, 0, 0, 0, 0, 0}, .expected_in = 4096});
  EXPECT_EQ(outcome->status, Status::good);
  EXPECT_EQ(last().direction, DataDirection::none);
  EXPECT_EQ(last().length, 0u);
  EXPECT_EQ(outcome->residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(outcome->residual.bytes, 4096u);
}

TEST_F(PassthroughBench, TheLengthOfAReadIsWhatItsCdbSaysAndTheResidualTellsTheRest) {
  make(PeripheralDeviceType::block);
  const auto more = run({.cdb = read_10(4), .expected_in = 1024});
  EXPECT_EQ(last().length, 2048u);
  EXPECT_EQ(more->data.size(), 1024u);
  EXPECT_EQ(more->residual.kind, Residual::Kind::overflow);
  EXPECT_EQ(more->residual.bytes, 1024u);
  const auto less = run({.cdb = read_10(1), .expected_in = 4096});
  EXPECT_EQ(last().length, 512u);
  EXPECT_EQ(less->residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(less->residual.bytes, 4096u - 512u);
}

TEST_F(PassthroughBench, AWriteWhoseDataWillNotAllComeIsNeverBegun) {
  make(PeripheralDeviceType::block);
  const auto outcome = run({.cdb = write_10(4), .data_out = Data(512)});
  expect_sense(*outcome, Sense::invalid_field_in_command_information_unit());
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughBench, AWriteCarriesItsBytes) {
  make(PeripheralDeviceType::block);
  Data data(1024);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
  EXPECT_EQ(run({.cdb = write_10(2), .data_out = data})->status, Status::good);
  EXPECT_EQ(last().data_out, data);
  EXPECT_EQ(last().direction, DataDirection::data_out);
}

TEST_F(PassthroughBench, ATransferOverTheLimitIsRefusedBeforeAnythingIsWritten) {
  make(PeripheralDeviceType::block);
  port_->told_limits.transfer_bytes = 8 * 512;
  expect_sense(*run({.cdb = write_10(9), .data_out = Data(9 * 512)}), Sense::invalid_field_in_cdb());
  expect_sense(*run({.cdb = read_10(9), .expected_in = 9 * 512}), Sense::invalid_field_in_cdb());
  EXPECT_EQ(sent_to_device(), 0u);
  EXPECT_EQ(run({.cdb = read_10(8), .expected_in = 8 * 512})->status, Status::good);
}

TEST_F(PassthroughBench, OfAVendorsOwnCommandTheInitiatorKnowsTheDirection) {
  make(PeripheralDeviceType::block);
  run({.cdb = {0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .expected_in = 100});
  EXPECT_EQ(last().direction, DataDirection::data_in);
  EXPECT_EQ(last().length, 100u);
  run({.cdb = {0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .data_out = Data(60)});
  EXPECT_EQ(last().direction, DataDirection::data_out);
  EXPECT_EQ(last().length, 60u);
  run({.cdb = {0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}});
  EXPECT_EQ(last().direction, DataDirection::none);
  const std::size_t before = sent_to_device();
  expect_sense(
      *run({.cdb = {0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .expected_in = 8, .data_out = Data(8)}),
      Sense::invalid_operation_code());
  EXPECT_EQ(sent_to_device(), before);
}

TEST_F(PassthroughBench, WriteScatteredCarriesItsDescriptorsAndAllItsBlocks) {
  make(PeripheralDeviceType::block);
  run({.cdb = {0x9f, 0x12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0}, .data_out = Data(1024)});
  EXPECT_EQ(last().data_out.size(), 1024u);
  Data longer(32);
  longer[0] = 0x7f;
  longer[7] = 24;
  longer[9] = 0x11;
  longer[31] = 3;
  run({.cdb = longer, .data_out = Data(1536)});
  EXPECT_EQ(last().data_out.size(), 1536u);
}

TEST_F(PassthroughBench, EachCommandHasATimeoutOfItsOwn) {
  make(PeripheralDeviceType::medium_changer);
  run({.cdb = {0xa5, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0}});
  EXPECT_GE(last().timeout, std::chrono::minutes(10));
  run({.cdb = {0x00, 0, 0, 0, 0, 0}});
  EXPECT_LE(last().timeout, std::chrono::minutes(5));
}

// --- What comes back

TEST_F(PassthroughBench, ACommandThatTimedOutIsNotGood) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest& request) {
    Reaction reaction = LoopbackPort::good(Data(request.data.size(), 0x11));
    reaction.result.host_status = HostStatus::time_out;
    return reaction;
  };
  const auto outcome = run({.cdb = read_10(1), .expected_in = 512});
  expect_sense(*outcome, Sense::communication_timeout());
  EXPECT_TRUE(outcome->data.empty());
}

TEST_F(PassthroughBench, DataAndSenseArriveTogetherAndTheSenseIsUntouched) {
  make(PeripheralDeviceType::tape);
  const Data short_block{0xf0, 0, 0x20, 0, 0, 0x01, 0x9c, 10, 1, 2, 3, 4, 0x00, 0x00, 0x99, 0, 0, 0};
  const Data descriptor{0x72, 0x01, 0x17, 0x01, 0, 0, 0, 8, 0x80, 6, 0, 0, 1, 2, 3, 4};
  for (const Data& sense : {short_block, descriptor}) {
    reacts = [&sense](const ScsiRequest&) {
      Reaction reaction = LoopbackPort::good(Data(100, 0x33));
      reaction.result.status = Status::check_condition;
      reaction.result.sense = SenseData::from_device(sense);
      return reaction;
    };
    const auto outcome = run({.cdb = {0x08, 0, 0, 2, 0, 0}, .expected_in = 512});
    EXPECT_EQ(outcome->status, Status::check_condition);
    EXPECT_EQ(outcome->sense_bytes, sense);
    EXPECT_EQ(outcome->data, Data(100, 0x33));
    EXPECT_EQ(outcome->residual.kind, Residual::Kind::underflow);
    EXPECT_EQ(outcome->residual.bytes, 412u);
  }
}

TEST_F(PassthroughBench, AFilemarkWithoutAResidualBringsNoBytesOfEarlierCommands) {
  make(PeripheralDeviceType::tape, 0);
  Data sense{0xf0, 0, 0x80, 0, 0, 2, 0, 10, 0, 0, 0, 0, 0x00, 0x01, 0, 0, 0, 0};
  reacts = [&sense](const ScsiRequest& request) {
    if (request.cdb.operation_code() == 0x1a) return LoopbackPort::good({11, 0, 0, 8, 0x46, 0, 0, 0, 0, 0, 2, 0});
    Reaction reaction = LoopbackPort::check_condition({});
    reaction.result.sense = SenseData::from_device(sense);
    reaction.keep_residual = true;
    return reaction;
  };
  EXPECT_TRUE(run({.cdb = {0x08, 0, 0, 2, 0, 0}, .expected_in = 512})->data.empty());
  sense[5] = 0;
  sense[6] = 1;  // of three blocks
  EXPECT_EQ(run({.cdb = {0x08, 1, 0, 0, 3, 0}, .expected_in = 3 * 512})->data.size(), 2u * 512);
}

TEST_F(PassthroughBench, AWriteThatTheDeviceCutsShortTellsHowMuchItLeft) {
  make(PeripheralDeviceType::tape);
  reacts = [](const ScsiRequest&) {
    Reaction reaction = LoopbackPort::check_condition(Sense::of(SenseKey::volume_overflow, 0x00, 0x02));
    reaction.result.residual = 200;
    reaction.keep_residual = true;
    return reaction;
  };
  const auto outcome = run({.cdb = {0x0a, 0, 0, 2, 0, 0}, .data_out = Data(512, 0x11)});
  EXPECT_EQ(outcome->status, Status::check_condition);
  EXPECT_EQ(outcome->residual.kind, Residual::Kind::underflow);
  EXPECT_EQ(outcome->residual.bytes, 200u);
}

TEST_F(PassthroughBench, OnlyTransferredBytesReachTheInitiator) {
  make(PeripheralDeviceType::block);
  run({.cdb = read_10(1), .expected_in = 512});  // leaves its bytes in the buffer
  reacts = [](const ScsiRequest&) { return LoopbackPort::good({1, 2, 3}); };
  EXPECT_EQ(run({.cdb = read_10(1), .expected_in = 512})->data, (Data{1, 2, 3}));
  reacts = [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::lba_out_of_range(5)); };
  EXPECT_TRUE(run({.cdb = read_10(1), .expected_in = 512})->data.empty());
}

TEST_F(PassthroughBench, ParameterDataThatTheDeviceLeavesOutIsZeroEvenWhenItTellsNoResidual) {
  make(PeripheralDeviceType::block);
  run({.cdb = read_10(1), .expected_in = 512});
  reacts = [](const ScsiRequest&) {
    Reaction reaction = LoopbackPort::good({7, 7});
    reaction.keep_residual = true;
    return reaction;
  };
  const auto outcome = run({.cdb = {0x1a, 0, 0x3f, 0, 200, 0}, .expected_in = 200});
  Data expected(200);
  expected[0] = expected[1] = 7;
  EXPECT_EQ(outcome->data, expected);
  EXPECT_TRUE(last().keep_unfilled_bytes);
}

TEST_F(PassthroughBench, QueueFullIsBusyOrTaskSetFullAndNeverAnError) {
  make(PeripheralDeviceType::block);
  react_to(0x28, [](const ScsiRequest&) { return LoopbackPort::fault(ScsiResult::Fault::no_resources, false); });
  EXPECT_EQ(run({.cdb = read_10(1), .expected_in = 512})->status, Status::busy);
  reacts = [](const ScsiRequest& request) {
    if (request.cdb.operation_code() == 0x2a) return held(When::held_by_device);
    return LoopbackPort::fault(ScsiResult::Fault::no_resources, false);
  };
  run({.cdb = write_10(1), .data_out = Data(512)});
  EXPECT_EQ(run({.cdb = read_10(1), .expected_in = 512})->status, Status::task_set_full);
}

TEST_F(PassthroughBench, ARemovedDeviceIsNoLogicalUnitAndShownOffline) {
  make(PeripheralDeviceType::block);
  EXPECT_TRUE(device_->describe().online);
  port_->is_gone = true;
  reacts = [](const ScsiRequest&) { return LoopbackPort::fault(ScsiResult::Fault::gone, true); };
  expect_sense(*run({.cdb = read_10(1), .expected_in = 512}), Sense::logical_unit_not_supported());
  EXPECT_FALSE(device_->describe().online);
}

// --- Many initiators, one device

TEST_F(PassthroughBench, AUnitAttentionOfTheDeviceReachesEveryInitiatorOnce) {
  make(PeripheralDeviceType::block);
  int left = 1;
  reacts = [&left](const ScsiRequest&) {
    if (left-- > 0) return LoopbackPort::check_condition(Sense::medium_may_have_changed());
    return LoopbackPort::good();
  };
  const Sent tur{.cdb = {0, 0, 0, 0, 0, 0}};
  expect_sense(*run(a_, tur), Sense::medium_may_have_changed());
  EXPECT_EQ(run(a_, tur)->status, Status::good);
  expect_sense(*run(b_, tur), Sense::medium_may_have_changed());
  EXPECT_EQ(run(b_, tur)->status, Status::good);
}

TEST_F(PassthroughBench, AUnitAttentionInTheDataOfRequestSenseReachesTheOthers) {
  make(PeripheralDeviceType::tape);
  Data sense{0x70, 0, 0x06, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x28, 0x00, 0, 0, 0, 0};
  react_to(0x03, [&sense](const ScsiRequest&) { return LoopbackPort::good(sense); });
  const Sent request{.cdb = {0x03, 0, 0, 0, 18, 0}, .expected_in = 18};
  const Sent tur{.cdb = {0, 0, 0, 0, 0, 0}};
  EXPECT_EQ(run(a_, request)->data, sense);
  expect_sense(*run(b_, tur), Sense::medium_may_have_changed());
  EXPECT_EQ(run(a_, tur)->status, Status::good) << "who read it is not told again";
  sense[2] = sense[12] = 0;
  EXPECT_EQ(run(a_, request)->data, sense);
  EXPECT_EQ(run(b_, tur)->status, Status::good);
}

TEST_F(PassthroughBench, AUnitAttentionThatTheKernelTookIsToldToEveryInitiator) {
  HostNotices notices(shard(), "0:0:0:0", Log::silent());
  told_notices = &notices;
  make(PeripheralDeviceType::block);
  notices.note(HostNotice::power_on_or_reset, shard().now() + 5s);
  reactor_.advance(10s);
  reactor_.settle();
  expect_sense(*run(a_, {.cdb = read_10(1), .expected_in = 512}), Sense::power_on_or_reset());
  EXPECT_EQ(sent_to_device(), 0u);
  EXPECT_EQ(run(a_, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::power_on_or_reset());
}

TEST_F(PassthroughBench, AResetByStrangersIsToldToEveryInitiator) {
  make(PeripheralDeviceType::block);
  react_to(0x28, [](const ScsiRequest&) {
    Reaction reaction;
    reaction.result.host_status = HostStatus::reset;
    return reaction;
  });
  expect_sense(*run(a_, {.cdb = read_10(1), .expected_in = 512}), Sense::power_on_or_reset());
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::power_on_or_reset());
}

TEST_F(PassthroughBench, AUnitAttentionThatAnAbortedCommandBroughtIsToldToItsInitiatorToo) {
  make(PeripheralDeviceType::tape);
  react_to(0x01, [](const ScsiRequest&) {
    Reaction reaction = LoopbackPort::check_condition(Sense::medium_may_have_changed());
    reaction.when = When::held_by_device;
    return reaction;
  });
  const auto outcome = run(a_, {.cdb = {0x01, 0, 0, 0, 0, 0}, .tag = some_tag});
  const auto response = manage(TaskManagementFunction::abort_task, some_tag);
  port_->release();
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_FALSE(outcome->answered);
  for (Host* host : {&a_, &b_}) {
    expect_sense(*run(*host, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::medium_may_have_changed());
    EXPECT_EQ(run(*host, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
  }
}

TEST_F(PassthroughBench, AResetByStrangersThatEndsAnAbortedCommandIsToldToEveryInitiator) {
  make(PeripheralDeviceType::tape);
  react_to(0x01, [](const ScsiRequest&) {
    Reaction reaction = held(When::held_by_device);
    reaction.result.host_status = HostStatus::reset;
    return reaction;
  });
  const auto outcome = run(a_, {.cdb = {0x01, 0, 0, 0, 0, 0}, .tag = some_tag});
  manage(TaskManagementFunction::abort_task, some_tag);
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(outcome->ended);
  EXPECT_FALSE(outcome->answered);
  for (Host* host : {&a_, &b_}) {
    expect_sense(*run(*host, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::power_on_or_reset());
    EXPECT_EQ(run(*host, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
  }
}

TEST_F(PassthroughBench, ModeSelectThatRoundedAParameterOrTimedOutHasChangedSomething) {
  make(PeripheralDeviceType::tape, 0);
  const Data rounded{0x70, 0, 0x01, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x37, 0x00, 0, 0, 0, 0};
  Reaction time_out;
  time_out.result.host_status = HostStatus::time_out;
  Reaction recovered;
  recovered.result.status = Status::check_condition;
  recovered.result.sense = SenseData::from_device(rounded);
  const Sent read{.cdb = {0x08, 0x01, 0, 0, 1, 0}, .expected_in = 30000};
  const Data mode_data{11, 0, 0, 8, 0, 0, 0, 0, 0, 0x00, 0x27, 0x10};
  for (const Reaction& end_of_mode_select : {recovered, time_out}) {
    reacts = [&](const ScsiRequest& request) {
      if (request.cdb.operation_code() == 0x1a) return LoopbackPort::good(mode_data);
      if (request.cdb.operation_code() == 0x15) return end_of_mode_select;
      return LoopbackPort::good(Data(request.data.size()));
    };
    run(a_, read);
    EXPECT_EQ(run(a_, {.cdb = {0x15, 0, 0, 0, 12, 0}, .data_out = Data(12)})->status, Status::check_condition);
    run(a_, read);
    EXPECT_EQ(port_->received[port_->received.size() - 2].cdb[0], 0x1a) << "the block length is asked again";
    expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::mode_parameters_changed());
  }
}

TEST_F(PassthroughBench, ModeSelectThatTheDeviceRefusesIsNoUnitAttention) {
  make(PeripheralDeviceType::block);
  react_to(0x15, [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::invalid_field_in_cdb()); });
  expect_sense(*run(a_, {.cdb = {0x15, 0x10, 0, 0, 4, 0}, .data_out = Data(4)}), Sense::invalid_field_in_cdb());
  EXPECT_EQ(run(b_, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
}

TEST_F(PassthroughBench, ModeSelectOfOneIsAUnitAttentionForTheOthers) {
  make(PeripheralDeviceType::block);
  EXPECT_EQ(run(a_, {.cdb = {0x15, 0x10, 0, 0, 4, 0}, .data_out = Data(4)})->status, Status::good);
  EXPECT_EQ(run(a_, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::mode_parameters_changed());
}

TEST_F(PassthroughBench, WhatWouldActForEveryInitiatorAtOnceIsRefusedAndNotSent) {
  make(PeripheralDeviceType::tape);
  for (const int code : {0x18, 0x39, 0x3a, 0x83, 0x84, 0x86, 0x87}) {
    Data cdb(16);
    cdb[0] = static_cast<std::uint8_t>(code);
    expect_sense(*run({.cdb = cdb, .expected_in = 8}), Sense::invalid_operation_code());
  }
  for (const int action : {0x0b, 0x0e}) {
    Data cdb(12);
    cdb[0] = 0xa3;
    cdb[1] = static_cast<std::uint8_t>(action);
    expect_sense(*run({.cdb = cdb, .expected_in = 8}), Sense::invalid_field_in_cdb());
  }
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughBench, WhatIsMaintenanceElsewhereIsAKeyExchangeForOpticalDrives) {
  make(PeripheralDeviceType::optical, 2048);
  run({.cdb = {0xa4, 0x0a, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0}, .expected_in = 8});
  EXPECT_EQ(sent_to_device(), 1u);
}

TEST_F(PassthroughBench, AutoContingentAllegianceIsRefused) {
  make(PeripheralDeviceType::block);
  Data cdb = read_10(1);
  cdb[9] = 0x04;
  expect_sense(*run({.cdb = cdb, .expected_in = 512}), Sense::invalid_field_in_cdb());
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughBench, ReportLunsIsOurOwnMapWhateverTheDeviceHas) {
  make(PeripheralDeviceType::tape);
  const auto outcome = run({.cdb = {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0}, .expected_in = 64});
  EXPECT_EQ(outcome->status, Status::good);
  ASSERT_EQ(outcome->data.size(), 16u);
  EXPECT_EQ(outcome->data[3], 8);
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughBench, TheMediumIsHeldAsLongAsOneInitiatorWantsIt) {
  make(PeripheralDeviceType::optical, 2048);
  const Sent prevent{.cdb = {0x1e, 0, 0, 0, 1, 0}};
  const Sent allow{.cdb = {0x1e, 0, 0, 0, 0, 0}};
  run(a_, prevent);
  EXPECT_EQ(sent_to_device(), 1u);
  EXPECT_TRUE(device_->describe().prevent_removal);
  EXPECT_EQ(run(b_, prevent)->status, Status::good);
  EXPECT_EQ(run(a_, allow)->status, Status::good);
  EXPECT_EQ(sent_to_device(), 1u);
  run(b_, allow);
  EXPECT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().cdb[4], 0);
  EXPECT_FALSE(device_->describe().prevent_removal);
}

TEST_F(PassthroughBench, AnInitiatorThatGoesLetsTheMediumGo) {
  make(PeripheralDeviceType::optical, 2048);
  run(a_, {.cdb = {0x1e, 0, 0, 0, 1, 0}});
  log_out(a_);
  reactor_.settle();
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().cdb[0], 0x1e);
  EXPECT_EQ(last().cdb[4], 0);
}

TEST_F(PassthroughBench, ADeviceThatIsGivenBackLetsTheMediumGo) {
  make(PeripheralDeviceType::tape);
  run(a_, {.cdb = {0x1e, 0, 0, 0, 1, 0}});
  EXPECT_EQ(sent_to_device(), 1u);
  spawn([](Target& target, Shard& here) -> Task<void> {
    const auto removal = co_await target.unmap(here, Lun{0}, Target::WhenActive::refuse);
    EXPECT_EQ(removal, Target::Removal::done);
  }(*target_, shard()));
  reactor_.settle();
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().cdb[0], 0x1e);
  EXPECT_EQ(last().cdb[4], 0);
  EXPECT_TRUE(port_->closed);
}

TEST_F(PassthroughBench, APreventionThatTheDeviceRefusesIsNotCounted) {
  make(PeripheralDeviceType::optical, 2048);
  react_to(0x1e, [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::invalid_field_in_cdb()); });
  run(a_, {.cdb = {0x1e, 0, 0, 0, 1, 0}});
  EXPECT_FALSE(device_->describe().prevent_removal);
  expect_sense(*run(a_, {.cdb = {0x1e, 0, 0, 0, 3, 0}}), Sense::invalid_field_in_cdb());
}

// --- Block lengths

TEST_F(PassthroughBench, AnEmptyDriveLearnsItsBlockLengthWhenItIsNeeded) {
  make(PeripheralDeviceType::optical, 0);
  react_to(0x25, [](const ScsiRequest&) { return LoopbackPort::good({0, 0, 1, 0, 0, 0, 8, 0}); });
  run({.cdb = read_10(3), .expected_in = 3 * 2048});
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().length, 3u * 2048);
  run({.cdb = read_10(1), .expected_in = 2048});
  EXPECT_EQ(sent_to_device(), 3u);
}

TEST_F(PassthroughBench, WithoutAMediumTheDeviceItselfRefusesTheRead) {
  make(PeripheralDeviceType::optical, 0);
  reacts = [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::medium_not_present()); };
  expect_sense(*run({.cdb = read_10(1), .expected_in = 2048}), Sense::medium_not_present());
  EXPECT_EQ(last().cdb[0], 0x28);
}

TEST_F(PassthroughBench, AUnitAttentionThatOurOwnQuestionMetIsNotLost) {
  make(PeripheralDeviceType::optical, 0);
  react_to(0x25, [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::medium_may_have_changed()); });
  expect_sense(*run(a_, {.cdb = read_10(1), .expected_in = 2048}), Sense::medium_may_have_changed());
  EXPECT_EQ(last().cdb[0], 0x25);
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::medium_may_have_changed());
}

TEST_F(PassthroughBench, AResetThatOurOwnQuestionMetIsNotLost) {
  make(PeripheralDeviceType::tape, 0);
  react_to(0x1a, [](const ScsiRequest&) {
    Reaction reaction;
    reaction.result.host_status = HostStatus::reset;
    return reaction;
  });
  const std::vector<std::uint8_t> one_block{1, 2, 3, 4};
  expect_sense(*run(a_, {.cdb = {0x0a, 1, 0, 0, 1, 0}, .data_out = one_block}), Sense::power_on_or_reset());
  EXPECT_EQ(last().cdb[0], 0x1a) << "nothing is written where the tape may have been rewound";
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::power_on_or_reset());
}

TEST_F(PassthroughBench, AFixedBlockTapeReadIsAsLongAsItsBlocks) {
  make(PeripheralDeviceType::tape, 0);
  react_to(0x1a, [](const ScsiRequest&) {
    return LoopbackPort::good({11, 0, 0, 8, 0, 0, 0, 0, 0, 0x00, 0x27, 0x10});  // blocks of 10,000 bytes
  });
  run({.cdb = {0x08, 0x01, 0, 0, 3, 0}, .expected_in = 30000});
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().length, 30000u);
  run({.cdb = {0x08, 0x00, 0, 0x10, 0, 0}, .expected_in = 4096});
  EXPECT_EQ(last().length, 4096u);
  run({.cdb = {0x15, 0, 0, 0, 12, 0}, .data_out = Data(12)});
  run({.cdb = {0x08, 0x01, 0, 0, 1, 0}, .expected_in = 30000});
  EXPECT_EQ(port_->received[port_->received.size() - 2].cdb[0], 0x1a);  // asked again after MODE SELECT
}

TEST_F(PassthroughBench, ProtectionInformationIsPartOfTheTransfer) {
  DeviceFacts facts(PeripheralDeviceType::block);
  facts.block_length = 512;
  facts.protected_medium = true;
  make(std::move(facts));
  Data cdb = read_10(4);
  cdb[1] = 0x20;
  run({.cdb = cdb, .expected_in = 4 * 520});
  EXPECT_EQ(last().length, 4u * 520);
  run({.cdb = read_10(4), .expected_in = 4 * 512});
  EXPECT_EQ(last().length, 4u * 512);
}

// --- Order

TEST_F(PassthroughBench, ATapesCommandsGoOneByOneInTheOrderTheyCame) {
  make(PeripheralDeviceType::tape);
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  const auto first = run(a_, {.cdb = {0x0a, 0, 0, 0, 4, 0}, .data_out = {1, 1, 1, 1}, .withhold = true});
  const auto second = run(b_, {.cdb = {0x0a, 0, 0, 0, 4, 0}, .data_out = {2, 2, 2, 2}});
  EXPECT_EQ(sent_to_device(), 0u);  // the second waits although its data is here
  first->data_out_given.set();
  reactor_.settle();
  ASSERT_EQ(sent_to_device(), 1u);
  EXPECT_EQ(last().data_out, (Data{1, 1, 1, 1}));
  port_->release();
  reactor_.settle();
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().data_out, (Data{2, 2, 2, 2}));
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(first->ended && second->ended);
}

// --- Task management

TEST_F(PassthroughBench, AbortTaskOfAQueuedCommandTakesItBack) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest&) { return held(When::held_in_queue); };
  const auto outcome = run({.cdb = write_10(1), .data_out = Data(512), .tag = some_tag});
  const auto response = manage(TaskManagementFunction::abort_task, some_tag);
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_TRUE(outcome->ended);
  EXPECT_FALSE(outcome->answered);
  EXPECT_EQ(port_->held(), 0u);
}

TEST_F(PassthroughBench, AbortTaskOfACommandInFlightWaitsForIt) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  const auto outcome = run({.cdb = write_10(1), .data_out = Data(512), .tag = some_tag});
  const auto response = manage(TaskManagementFunction::abort_task, some_tag);
  EXPECT_FALSE(response->has_value());
  port_->release();
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_FALSE(outcome->answered);
}

TEST_F(PassthroughBench, AbortTaskOfACommandThatStaysInFlightIsRejectedAndTheCommandIsAnsweredLater) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  const auto outcome = run({.cdb = read_10(1), .expected_in = 512, .tag = some_tag});
  const auto response = manage(TaskManagementFunction::abort_task, some_tag);
  reactor_.advance(11s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_rejected);
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(outcome->answered);
}

TEST_F(PassthroughBench, AnAbortedCommandWhoseDataHasNotComeNeverReachesTheDevice) {
  make(PeripheralDeviceType::tape);
  const auto outcome = run({.cdb = {0x0a, 0, 0, 0, 4, 0}, .data_out = Data(4), .tag = some_tag, .withhold = true});
  const auto response = manage(TaskManagementFunction::abort_task, some_tag);
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_FALSE(outcome->answered);
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughBench, LogicalUnitResetIsCompleteOnlyAfterTheCommandsInFlightCameBack) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest& request) {
    return request.cdb.operation_code() == 0 ? LoopbackPort::good() : held(When::held_by_device);
  };
  const auto outcome = run({.cdb = write_10(1), .data_out = Data(512)});
  const auto response = manage(TaskManagementFunction::logical_unit_reset);
  reactor_.advance(2s);
  reactor_.settle();
  EXPECT_EQ(port_->resets.size(), 1u);
  EXPECT_FALSE(response->has_value());
  port_->release();
  reactor_.advance(1s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_TRUE(outcome->ended);
  EXPECT_FALSE(outcome->answered);
}

TEST_F(PassthroughBench, LogicalUnitResetThatLeavesCommandsInFlightIsRejected) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  run({.cdb = write_10(1), .data_out = Data(512)});
  const auto response = manage(TaskManagementFunction::logical_unit_reset);
  reactor_.advance(40s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_rejected);
}

TEST_F(PassthroughBench, AfterAResetTheDevicesOwnUnitAttentionsAreSwallowedAndEveryInitiatorGetsOurs) {
  make(PeripheralDeviceType::block);
  int attentions = 2;
  reacts = [&attentions](const ScsiRequest&) {
    if (attentions > 0) {
      --attentions;
      return LoopbackPort::check_condition(Sense::power_on_or_reset());
    }
    return LoopbackPort::good();
  };
  EXPECT_EQ(*manage(TaskManagementFunction::logical_unit_reset), TaskManagementResponse::function_complete);
  EXPECT_EQ(attentions, 0);
  for (Host* host : {&a_, &b_}) {
    expect_sense(*run(*host, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::bus_device_reset());
    EXPECT_EQ(run(*host, {.cdb = {0, 0, 0, 0, 0, 0}})->status, Status::good);
  }
}

TEST_F(PassthroughBench, WhereTheAdapterCannotResetAProvedQuiesceIsAReset) {
  make(PeripheralDeviceType::optical, 2048);
  port_->reset_result = InitiatorPort::ResetResult::failed;
  run({.cdb = {0x1e, 0, 0, 0, 1, 0}});
  EXPECT_EQ(*manage(TaskManagementFunction::logical_unit_reset), TaskManagementResponse::function_complete);
  EXPECT_EQ(last().cdb[0], 0x1e);  // what a reset would have let go is let go
  EXPECT_EQ(last().cdb[4], 0);
  EXPECT_FALSE(device_->describe().prevent_removal);
  expect_sense(*run(b_, {.cdb = {0, 0, 0, 0, 0, 0}}), Sense::bus_device_reset());
}

TEST_F(PassthroughBench, WhereTheAdapterCannotResetAndCommandsStayTheFunctionIsRejected) {
  make(PeripheralDeviceType::block);
  port_->reset_result = InitiatorPort::ResetResult::not_supported;
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  const auto outcome = run({.cdb = write_10(1), .data_out = Data(512)});
  const auto response = manage(TaskManagementFunction::logical_unit_reset);
  reactor_.advance(40s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_rejected);
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(outcome->answered);
}

TEST_F(PassthroughBench, CommandsThatOurResetEndedAreSilent) {
  make(PeripheralDeviceType::block);
  port_->release_on_reset = true;
  reacts = [](const ScsiRequest& request) {
    return request.cdb.operation_code() == 0 ? LoopbackPort::good() : held(When::held_by_device);
  };
  const auto outcome = run({.cdb = write_10(1), .data_out = Data(512)});
  EXPECT_EQ(*manage(TaskManagementFunction::logical_unit_reset), TaskManagementResponse::function_complete);
  EXPECT_TRUE(outcome->ended);
  EXPECT_FALSE(outcome->answered);
}

TEST_F(PassthroughBench, ASessionThatGoesWithCommandsInFlightWaitsForThem) {
  make(PeripheralDeviceType::block);
  reacts = [](const ScsiRequest&) { return held(When::held_by_device); };
  const auto outcome = run(b_, {.cdb = read_10(1), .expected_in = 512});
  bool closed = false;
  spawn([](Target& target, std::shared_ptr<Nexus> nexus, bool& done) -> Task<void> {
    co_await target.close_nexus(std::move(nexus));
    done = true;
  }(*target_, std::exchange(b_.nexus, nullptr), closed));
  reactor_.settle();
  EXPECT_FALSE(closed);
  port_->release();  // writes into the command's buffer, which is still there
  reactor_.settle();
  EXPECT_TRUE(closed);
  EXPECT_TRUE(outcome->ended);
}

}  // namespace
}  // namespace tgt
