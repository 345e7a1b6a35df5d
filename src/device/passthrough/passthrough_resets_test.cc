// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/passthrough_bench.h"

namespace tgt {
namespace {

using When = LoopbackPort::Reaction::When;

class PassthroughResets : public PassthroughBench {
 protected:
  static Sent prevent() { return {.cdb = {0x1e, 0, 0, 0, 1, 0}}; }
  static Sent allow() { return {.cdb = {0x1e, 0, 0, 0, 0, 0}}; }
  static Sent test_unit_ready() { return {.cdb = {0, 0, 0, 0, 0, 0}}; }
  static bool allows(const LoopbackPort::Received& one) { return one.cdb[0] == 0x1e && one.cdb[4] == 0; }
  auto allows_sent() const { return std::ranges::count_if(port_->received, allows); }
  // The device tells these, one for each command, before it does anything.
  void has_to_tell(std::vector<Sense> conditions) {
    reacts = [conditions, told = std::size_t{0}](const ScsiRequest&) mutable {
      return told < conditions.size() ? LoopbackPort::check_condition(conditions[told++]) : LoopbackPort::good();
    };
  }
  std::shared_ptr<std::optional<TaskManagementResponse>> reset() {
    return manage(TaskManagementFunction::logical_unit_reset);
  }
};

TEST_F(PassthroughResets, WhatElseTheDeviceHasToTellAfterAResetReachesEveryInitiator) {
  make(PeripheralDeviceType::block);
  has_to_tell({Sense::power_on_or_reset(), Sense::medium_may_have_changed(), Sense::inquiry_data_changed()});
  EXPECT_EQ(*reset(), TaskManagementResponse::function_complete);
  expect_sense(*run(a_, test_unit_ready()), Sense::bus_device_reset());
  expect_sense(*run(a_, test_unit_ready()), Sense::medium_may_have_changed());
  expect_sense(*run(a_, test_unit_ready()), Sense::inquiry_data_changed());
  EXPECT_EQ(run(a_, test_unit_ready())->status, Status::good);
  for (const Sense& condition :
       {Sense::bus_device_reset(), Sense::medium_may_have_changed(), Sense::inquiry_data_changed()}) {
    expect_sense(*run(b_, test_unit_ready()), condition);
  }
  EXPECT_EQ(run(b_, test_unit_ready())->status, Status::good);
}

TEST_F(PassthroughResets, ADeviceThatDoesNotAnswerAfterItsResetDoesNotKeepTheUnitFrozen) {
  make(PeripheralDeviceType::block);
  react_to(0x00, [](const ScsiRequest&) { return held(When::held_by_device); });
  const auto response = reset();
  reactor_.advance(23s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_complete) << "the adapter did it, and all came back";
  const auto outcome = run(b_, {.cdb = {0x12, 0, 0, 0, 36, 0}, .expected_in = 36});
  EXPECT_TRUE(outcome->answered);
  EXPECT_EQ(outcome->status, Status::good);
}

TEST_F(PassthroughResets, ADeviceThatIsGivenBackWaitsForAQuestionThatIsStillOut) {
  make(PeripheralDeviceType::block);
  react_to(0x00, [](const ScsiRequest&) { return held(When::held_by_device); });
  reset();
  reactor_.advance(23s);
  reactor_.settle();
  spawn([](Target& target, Shard& here) -> Task<void> {
    const auto removal = co_await target.unmap(here, Lun{0}, Target::WhenActive::abort_tasks);
    EXPECT_EQ(removal, Target::Removal::done);
  }(*target_, shard()));
  reactor_.settle();
  EXPECT_FALSE(port_->closed);
  port_->release();
  reactor_.advance(1s);
  reactor_.settle();
  EXPECT_TRUE(port_->closed);
}

TEST_F(PassthroughResets, ARejectedResetLeavesPreventionsAsTheyAre) {
  make(PeripheralDeviceType::optical, 2048);
  run(a_, prevent());
  run(b_, prevent());
  port_->reset_result = InitiatorPort::ResetResult::failed;
  react_to(0x28, [](const ScsiRequest&) { return held(When::held_by_device); });
  run(a_, {.cdb = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, .expected_in = 2048});
  const auto response = reset();
  reactor_.advance(40s);
  reactor_.settle();
  EXPECT_EQ(*response, TaskManagementResponse::function_rejected);
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(device_->describe().prevent_removal);
  port_->received.clear();
  EXPECT_EQ(run(a_, allow())->status, Status::good);
  EXPECT_EQ(sent_to_device(), 0u) << "the other one still holds the medium";
}

TEST_F(PassthroughResets, AnAllowThatWasTakenBackBeforeItReachedTheDeviceHasAllowedNothing) {
  make(PeripheralDeviceType::optical, 2048);
  run(a_, prevent());
  react_to(0x1e, [](const ScsiRequest&) { return held(When::held_in_queue); });
  Sent aborted = allow();
  aborted.tag = 7;
  run(a_, aborted);
  reacts = nullptr;
  EXPECT_EQ(*manage(TaskManagementFunction::abort_task, 7), TaskManagementResponse::function_complete);
  EXPECT_TRUE(device_->describe().prevent_removal);
  port_->received.clear();
  log_out(a_);
  reactor_.settle();
  EXPECT_EQ(allows_sent(), 1);
}

TEST_F(PassthroughResets, AUnitAttentionThatTheAllowOfALostInitiatorMetIsToldAndTheMediumIsLetGo) {
  make(PeripheralDeviceType::tape, 0);
  run(a_, prevent());
  has_to_tell({Sense::medium_may_have_changed()});
  port_->received.clear();
  log_out(a_);
  reactor_.settle();
  EXPECT_EQ(allows_sent(), 2);
  expect_sense(*run(b_, test_unit_ready()), Sense::medium_may_have_changed());
  EXPECT_EQ(run(b_, test_unit_ready())->status, Status::good);
}

TEST_F(PassthroughResets, AnAllowThatMeetsNothingButUnitAttentionsIsGivenUp) {
  make(PeripheralDeviceType::tape, 0);
  run(a_, prevent());
  reacts = [](const ScsiRequest&) { return LoopbackPort::check_condition(Sense::medium_may_have_changed()); };
  port_->received.clear();
  log_out(a_);
  reactor_.settle();
  EXPECT_LT(allows_sent(), 20);
  reacts = nullptr;
}

}  // namespace
}  // namespace tgt
