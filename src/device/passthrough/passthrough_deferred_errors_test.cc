// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_bench.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;

// A device that takes data before it writes it, and tells later that it could not.
class PassthroughDeferredErrors : public PassthroughBench {
 protected:
  static Data error_bytes() { return {0xf1, 0, 0x03, 0, 0, 0, 7, 10, 1, 2, 3, 4, 0x0c, 0x00, 0x99, 0, 0, 0}; }
  // The next commands meet a deferred error, so many.
  void fails_late(int times = 1) {
    reacts = [times](const ScsiRequest& request) mutable {
      if (times-- <= 0) return answer(request);
      Reaction reaction = LoopbackPort::check_condition({});
      reaction.result.sense = SenseData::from_device(error_bytes());
      return reaction;
    };
  }
  static Reaction answer(const ScsiRequest& request) {
    if (request.cdb.operation_code() == 0x1a) return LoopbackPort::good({11, 0, 0, 8, 0x46, 0, 0, 0, 0, 0, 2, 0});
    return LoopbackPort::good(Data(request.data.size()));
  }
  void writes(Host& host) {
    EXPECT_EQ(run(host, {.cdb = {0x0a, 0, 0, 2, 0, 0}, .data_out = Data(512)})->status, Status::good);
  }
  std::shared_ptr<Outcome> asks(Host& host) { return run(host, {.cdb = {0, 0, 0, 0, 0, 0}}); }
  static void expect_told(const Outcome& outcome) {
    EXPECT_TRUE(outcome.answered);
    EXPECT_EQ(outcome.status, Status::check_condition);
    EXPECT_EQ(outcome.sense_bytes, error_bytes()) << "as the device told it";
  }
};

TEST_F(PassthroughDeferredErrors, WhoWroteIsToldAndTheCommandThatMetTheErrorIsSentAgain) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  const std::size_t before = sent_to_device();
  EXPECT_EQ(asks(b_)->status, Status::good);
  EXPECT_EQ(sent_to_device(), before + 2);
  const auto filemark = run(a_, {.cdb = {0x10, 0, 0, 0, 1, 0}});
  expect_told(*filemark);
  EXPECT_EQ(sent_to_device(), before + 2) << "it was not carried out";
  EXPECT_EQ(asks(a_)->status, Status::good) << "it is told once";
}

TEST_F(PassthroughDeferredErrors, WhoWroteAndMeetsItIsToldAtOnce) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  expect_told(*asks(a_));
  EXPECT_EQ(asks(b_)->status, Status::good);
}

TEST_F(PassthroughDeferredErrors, AWriteThatMeetsAnothersErrorIsSentAgainWithItsData) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  EXPECT_EQ(run(b_, {.cdb = {0x0a, 0, 0, 0, 4, 0}, .data_out = {1, 2, 3, 4}})->status, Status::good);
  EXPECT_EQ(last().data_out, (Data{1, 2, 3, 4}));
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, WhoeverIsLeftIsToldWhenTheOneWhoWroteHasGone) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  log_out(a_);
  fails_late();
  expect_told(*asks(b_));
}

TEST_F(PassthroughDeferredErrors, WhatWasKeptForOneWhoGoesIsToldToWhoeverIsLeft) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  EXPECT_EQ(asks(b_)->status, Status::good);
  log_out(a_);
  expect_told(*asks(b_));
}

TEST_F(PassthroughDeferredErrors, WhoComesBackAndWritesAgainIsToldOfThat) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  log_out(a_);
  log_in(a_, 3);
  while (asks(a_)->status != Status::good) {
  }
  writes(a_);
  fails_late();
  EXPECT_EQ(asks(b_)->status, Status::good);
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, NobodyHasWrittenSoWhoMeetsItIsTold) {
  make(PeripheralDeviceType::tape, 0);
  fails_late();
  expect_told(*asks(b_));
}

TEST_F(PassthroughDeferredErrors, AModeSelectLeavesNothingToWrite) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  EXPECT_EQ(run(b_, {.cdb = {0x15, 0x10, 0, 0, 4, 0}, .data_out = Data(4)})->status, Status::good);
  expect_sense(*asks(a_), Sense::mode_parameters_changed());
  fails_late();
  EXPECT_EQ(asks(b_)->status, Status::good);
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, OneThatACommandMetWhichWasAbortedIsNotLost) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  reacts = [](const ScsiRequest&) {
    Reaction reaction = held(Reaction::When::held_by_device);
    reaction.result.status = Status::check_condition;
    reaction.result.sense = SenseData::from_device(error_bytes());
    return reaction;
  };
  const auto aborted = run(a_, {.cdb = {0x01, 0, 0, 0, 0, 0}, .tag = 3});
  const auto response = manage(TaskManagementFunction::abort_task, 3);
  reacts = nullptr;
  port_->release();
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_complete);
  EXPECT_FALSE(aborted->answered);
  EXPECT_EQ(asks(b_)->status, Status::good);
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, InquiryLeavesItAndRequestSenseTellsItAsData) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  EXPECT_EQ(asks(b_)->status, Status::good);
  EXPECT_EQ(run(a_, {.cdb = {0x12, 0, 0, 0, 36, 0}, .expected_in = 36})->status, Status::good);
  const auto outcome = run(a_, {.cdb = {0x03, 0, 0, 0, 18, 0}, .expected_in = 18});
  EXPECT_EQ(outcome->status, Status::good);
  EXPECT_EQ(outcome->data, error_bytes());
  EXPECT_EQ(asks(a_)->status, Status::good);
}

TEST_F(PassthroughDeferredErrors, RequestSenseOfAnotherDoesNotReadIt) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  bool told = false;
  react_to(0x03, [&told](const ScsiRequest&) {
    return std::exchange(told, true) ? LoopbackPort::good(Data{0x70, 0, 0, 0, 0, 0, 0, 10})
                                     : LoopbackPort::good(error_bytes());
  });
  const auto outcome = run(b_, {.cdb = {0x03, 0, 0, 0, 18, 0}, .expected_in = 18});
  EXPECT_EQ(outcome->data[0], 0x70);
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, ADeviceThatTellsThemForEverIsNotAskedForEver) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late(1000);
  expect_told(*asks(b_));
  EXPECT_LT(sent_to_device(), 50u);
}

// --- Questions of our own

TEST_F(PassthroughDeferredErrors, OneThatOurOwnQuestionMetIsTold) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  expect_told(*run(a_, {.cdb = {0x0a, 1, 0, 0, 1, 0}, .data_out = Data(512)}));
  EXPECT_EQ(last().cdb[0], 0x1a) << "nothing is written behind what was lost";
}

TEST_F(PassthroughDeferredErrors, OneThatOurOwnQuestionForAnotherMetIsToldToTheOneWhoWrote) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  EXPECT_EQ(run(b_, {.cdb = {0x0a, 1, 0, 0, 1, 0}, .data_out = Data(512)})->status, Status::good);
  expect_told(*asks(a_));
}

TEST_F(PassthroughDeferredErrors, OneThatTheAllowOfALostInitiatorMetIsToldAndTheMediumIsLetGo) {
  make(PeripheralDeviceType::tape, 0);
  run(b_, {.cdb = {0x1e, 0, 0, 0, 1, 0}});
  writes(a_);
  fails_late();
  port_->received.clear();
  log_out(b_);
  reactor_.settle();
  ASSERT_EQ(sent_to_device(), 2u);
  EXPECT_EQ(last().cdb[0], 0x1e);
  expect_told(*run(a_, {.cdb = {0x10, 0, 0, 0, 1, 0}}));
}

TEST_F(PassthroughDeferredErrors, OneThatTheLookAtADeviceAfterItsResetMetIsTold) {
  make(PeripheralDeviceType::tape, 0);
  writes(a_);
  fails_late();
  EXPECT_EQ(*manage(TaskManagementFunction::logical_unit_reset), TaskManagementResponse::function_complete);
  for (Host* host : {&a_, &b_}) expect_sense(*asks(*host), Sense::bus_device_reset());
  EXPECT_EQ(asks(b_)->status, Status::good);
  expect_told(*asks(a_));
}

}  // namespace
}  // namespace tgt
