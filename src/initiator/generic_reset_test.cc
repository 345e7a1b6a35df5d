// SPDX-License-Identifier: Apache-2.0
#include "initiator/generic_reset.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <deque>
#include <thread>

#include "reactor/simulated_reactor.h"

namespace tgt {
namespace {

using ResetResult = InitiatorPort::ResetResult;
using ResetLevel = InitiatorPort::ResetLevel;

// A node whose reset call returns what a test wants, when it lets it.
class ResettableNode final : public GenericNode {
 public:
  std::uint32_t capacity() const override { return 0; }
  bool lends_memory() const override { return false; }
  Result<void, IoError> start(sg::Header&) override { return failure(IoError::from_errno(ENODEV)); }
  Result<Finished, IoError> finish() override { return failure(IoError::from_errno(ENODEV)); }
  Task<Result<void, IoError>> wait() override { co_return failure(IoError::from_errno(ENODEV)); }
  void cancel_wait() override {}
  Result<int, IoError> control(unsigned long request, void* argument) override {
    EXPECT_EQ(request, sg::scsi_reset);
    levels.push_back(*static_cast<int*>(argument));
    while (hangs) std::this_thread::sleep_for(1ms);
    const int number = errors.empty() ? 0 : errors.front();
    if (!errors.empty()) errors.pop_front();
    ++returned;
    if (number != 0) return failure(IoError::from_errno(number));
    return 0;
  }

  std::atomic<bool> hangs{false};
  std::atomic<int> returned{0};
  std::deque<int> errors;   // of the next calls
  std::vector<int> levels;  // that were asked for
};

class GenericResetTest : public testing::Test {
 protected:
  ~GenericResetTest() override {
    node_->hangs = false;
    reset_.close();
  }
  // Time goes on only while the answer is awaited; the call is on a thread of its own.
  std::optional<ResetResult> perform(ResetLevel level = ResetLevel::logical_unit) {
    std::optional<ResetResult> result;
    spawn([](GenericResetTest& self, ResetLevel asked, std::optional<ResetResult>& out) -> Task<void> {
      out = co_await self.reset_.perform(self.reactor_.shard(), asked);
    }(*this, level, result));
    reactor_.settle();
    for (int turn = 0; turn < 10'000 && !result; ++turn) {
      std::this_thread::sleep_for(node_->hangs ? 0ms : 1ms);
      reactor_.advance(5ms);
      reactor_.settle();
    }
    return result;
  }

  SimulatedReactor reactor_;
  std::shared_ptr<ResettableNode> node_ = std::make_shared<ResettableNode>();
  GenericReset reset_{node_, "/dev/sg0", Log::silent()};
};

TEST_F(GenericResetTest, TheDeviceAndNothingElseIsReset) {
  EXPECT_EQ(perform(), ResetResult::done);
  EXPECT_EQ(perform(ResetLevel::target), ResetResult::done);
  EXPECT_EQ(node_->levels,
            (std::vector<int>{sg::reset_device | sg::reset_no_escalation, sg::reset_target | sg::reset_no_escalation}));
}

TEST_F(GenericResetTest, WhileTheHostRecoversItIsAskedAgain) {
  node_->errors = {EAGAIN, EAGAIN};
  EXPECT_EQ(perform(), ResetResult::done);
  EXPECT_EQ(node_->levels.size(), 3u);
}

TEST_F(GenericResetTest, WithoutTheRightToItIsNotSupported) {
  node_->errors = {EACCES, EIO};
  EXPECT_EQ(perform(), ResetResult::not_supported);
  EXPECT_EQ(perform(), ResetResult::failed);
}

TEST_F(GenericResetTest, OneThatDoesNotReturnIsGivenUpAndNoOtherBeginsBeforeIt) {
  node_->hangs = true;
  const TimePoint began = reactor_.shard().now();
  EXPECT_EQ(perform(), ResetResult::failed);
  EXPECT_LE(reactor_.shard().now() - began, 21s);
  EXPECT_EQ(perform(), ResetResult::failed);
  EXPECT_EQ(node_->levels.size(), 1u);
}

TEST_F(GenericResetTest, WhenOneThatWasGivenUpHasReturnedTheNextOneIsMade) {
  node_->hangs = true;
  EXPECT_EQ(perform(), ResetResult::failed);
  node_->hangs = false;
  while (node_->returned == 0) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(perform(), ResetResult::done);
}

}  // namespace
}  // namespace tgt
