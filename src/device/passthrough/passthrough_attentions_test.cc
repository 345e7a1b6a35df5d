// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_bench.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;

const Data write_filemarks{0x10, 0, 0, 0, 1, 0};

// With a kernel that tells of unit attentions, and nothing told for long.
class PassthroughAttentions : public PassthroughBench {
 protected:
  using Sent = PassthroughBench::Sent;
  PassthroughAttentions() { told_notices = &notices_; }
  ~PassthroughAttentions() override { take_down(); }

  void make_quiet(PeripheralDeviceType type) {
    make(type, type == PeripheralDeviceType::tape ? 0 : 512);
    pass(60s);
  }
  void pass(Duration time) {
    reactor_.advance(time);
    reactor_.settle();
  }
  void note(HostNotice notice) { notices_.note(notice, shard().now()); }
  static Sent test_unit_ready() { return {.cdb = {0, 0, 0, 0, 0, 0}}; }

  HostNotices notices_{shard(), "0:0:0:0", Log::silent()};
};

// --- Notices of the kernel

TEST_F(PassthroughAttentions, NothingReachesATapeBetweenAForeignResetAndItsUnitAttention) {
  make_quiet(PeripheralDeviceType::tape);
  note(HostNotice::power_on_or_reset);
  pass(5ms);
  const auto outcome = run({.cdb = write_filemarks});
  EXPECT_FALSE(outcome->ended) << "too early to say whose reset it was";
  EXPECT_EQ(sent_to_device(), 0u);
  pass(1s);
  expect_sense(*outcome, Sense::power_on_or_reset());
  EXPECT_EQ(sent_to_device(), 0u);
  expect_sense(*run(b_, test_unit_ready()), Sense::power_on_or_reset());
  EXPECT_EQ(run({.cdb = write_filemarks})->status, Status::good);
}

TEST_F(PassthroughAttentions, AWriteWhoseDataComesAfterAForeignResetIsNotSent) {
  make_quiet(PeripheralDeviceType::tape);
  const auto write = run({.cdb = {0x0a, 0, 0, 0, 4, 0}, .data_out = {1, 2, 3, 4}, .withhold = true});
  note(HostNotice::power_on_or_reset);
  pass(1s);
  write->data_out_given.set();
  reactor_.settle();
  expect_sense(*write, Sense::power_on_or_reset());
  EXPECT_EQ(sent_to_device(), 0u);
}

TEST_F(PassthroughAttentions, ACommandThatWaitsForANoticeToBeDecidedCanBeAborted) {
  make_quiet(PeripheralDeviceType::tape);
  note(HostNotice::power_on_or_reset);
  const auto outcome = run({.cdb = write_filemarks, .tag = 5});
  const auto response = manage(TaskManagementFunction::abort_task, 5);
  pass(1s);
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_FALSE(outcome->answered);
  EXPECT_EQ(sent_to_device(), 0u);
  for (Host* host : {&a_, &b_}) expect_sense(*run(*host, test_unit_ready()), Sense::power_on_or_reset());
}

TEST_F(PassthroughAttentions, ANoticeOfWhatOurOwnCommandBroughtHoldsUpNothing) {
  make_quiet(PeripheralDeviceType::tape);
  react_to(0x00, [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::power_on_or_reset()); });
  expect_sense(*run(test_unit_ready()), Sense::power_on_or_reset());
  reacts = nullptr;
  note(HostNotice::power_on_or_reset);
  EXPECT_EQ(run({.cdb = write_filemarks})->status, Status::good);
}

TEST_F(PassthroughAttentions, ADiskDoesNotWaitForANoticeToBeDecided) {
  make_quiet(PeripheralDeviceType::block);
  note(HostNotice::power_on_or_reset);
  EXPECT_EQ(run({.cdb = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .expected_in = 512})->status, Status::good);
}

// The kernel's error handling resets the drive, takes its unit attention, and gives the command back.
TEST_F(PassthroughAttentions, WhatMayHaveResetATapeIsAnsweredWhenItsNoticeWouldBeIn) {
  make_quiet(PeripheralDeviceType::tape);
  for (const HostStatus status : {HostStatus::time_out, HostStatus::error, HostStatus::transport_disrupted}) {
    react_to(0x0a, [status](const ScsiRequest&) {
      Reaction reaction;
      reaction.result.host_status = status;
      return reaction;
    });
    const auto write = run({.cdb = {0x0a, 0, 0, 2, 0, 0}, .data_out = Data(512)});
    EXPECT_FALSE(write->ended);
    pass(10ms);
    note(HostNotice::power_on_or_reset);
    pass(1s);
    EXPECT_EQ(write->status, Status::check_condition);
    const std::size_t before = sent_to_device();
    expect_sense(*run({.cdb = write_filemarks}), Sense::power_on_or_reset());
    EXPECT_EQ(sent_to_device(), before);
    expect_sense(*run(b_, test_unit_ready()), Sense::power_on_or_reset());
    pass(60s);
  }
}

TEST_F(PassthroughAttentions, RequestSenseTellsWhatTheKernelTookAsData) {
  make_quiet(PeripheralDeviceType::block);
  note(HostNotice::power_on_or_reset);
  pass(1s);
  const auto outcome = run({.cdb = {0x03, 0, 0, 0, 18, 0}, .expected_in = 18});
  EXPECT_EQ(outcome->status, Status::good);
  EXPECT_EQ(SenseData::from_device(outcome->data).decode(), Sense::power_on_or_reset());
  EXPECT_EQ(sent_to_device(), 0u);
}

// --- What one initiator does and the others must hear

TEST_F(PassthroughAttentions, AMediumThatOneInitiatorLoadsIsNewToTheOthers) {
  struct Case {
    PeripheralDeviceType type;
    std::uint8_t bits;
    bool told;
  };
  constexpr Case cases[] = {
      {PeripheralDeviceType::tape, 0x01, true},    {PeripheralDeviceType::tape, 0x00, false},
      {PeripheralDeviceType::block, 0x03, true},   {PeripheralDeviceType::block, 0x01, false},
      {PeripheralDeviceType::optical, 0x03, true}, {PeripheralDeviceType::optical, 0x02, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(static_cast<int>(one.type) * 256 + one.bits);
    take_down();
    make_quiet(one.type);
    EXPECT_EQ(run(a_, {.cdb = {0x1b, 0, 0, 0, one.bits, 0}})->status, Status::good);
    EXPECT_EQ(run(a_, test_unit_ready())->status, Status::good);
    const auto other = run(b_, test_unit_ready());
    if (one.told) expect_sense(*other, Sense::medium_may_have_changed());
    if (!one.told) EXPECT_EQ(other->status, Status::good);
  }
}

TEST_F(PassthroughAttentions, ALoadThatTheDeviceRefusesIsNoUnitAttention) {
  make_quiet(PeripheralDeviceType::tape);
  react_to(0x1b, [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::medium_not_present()); });
  run(a_, {.cdb = {0x1b, 0, 0, 0, 1, 0}});
  EXPECT_EQ(run(b_, test_unit_ready())->status, Status::good);
}

TEST_F(PassthroughAttentions, LogSelectOfOneIsAUnitAttentionForTheOthers) {
  make_quiet(PeripheralDeviceType::tape);
  EXPECT_EQ(run(a_, {.cdb = {0x4c, 0x02, 0, 0, 0, 0, 0, 0, 0, 0}})->status, Status::good);
  EXPECT_EQ(run(a_, test_unit_ready())->status, Status::good);
  expect_sense(*run(b_, test_unit_ready()), Sense::log_parameters_changed());
}

// --- Preventions and guesses

TEST_F(PassthroughAttentions, AResetEndsPreventionsAndOneThatIsOnlyGuessedDoesNot) {
  make_quiet(PeripheralDeviceType::optical);
  const Sent prevent{.cdb = {0x1e, 0, 0, 0, 1, 0}};
  run(a_, prevent);
  note(HostNotice::some_lost);
  pass(1s);
  expect_sense(*run(a_, test_unit_ready()), Sense::power_on_or_reset());
  EXPECT_TRUE(device_->describe().prevent_removal);
  const std::size_t before = sent_to_device();
  EXPECT_EQ(run(a_, prevent)->status, Status::good);
  EXPECT_EQ(sent_to_device(), before + 1) << "the device may not know of the first one any more";
  pass(60s);
  note(HostNotice::power_on_or_reset);
  pass(1s);
  expect_sense(*run(a_, test_unit_ready()), Sense::power_on_or_reset());
  EXPECT_FALSE(device_->describe().prevent_removal);
}

}  // namespace
}  // namespace tgt
