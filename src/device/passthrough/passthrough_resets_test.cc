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

}  // namespace
}  // namespace tgt
