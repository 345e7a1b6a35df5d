// SPDX-License-Identifier: Apache-2.0
#include "reactor/device_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "reactor/epoll_backend.h"
#include "reactor/test_loop.h"

namespace tgt {
namespace {

class DeviceRingTest : public testing::Test {
 protected:
  void SetUp() override {
    auto ring = DeviceRing::create(loop_.shard(), 8);
    if (!ring) GTEST_SKIP() << ring.error().text();
    ring_ = std::make_unique<DeviceRing>(std::move(*ring));
  }
  void TearDown() override {
    ring_.reset();
    EXPECT_TRUE(pool_.end(5s));
  }
  DeviceFile open(const char* path) {
    auto file = DeviceFile::open(loop_.shard(), path, DeviceFile::Access::read_write);
    EXPECT_TRUE(file.has_value());
    return file ? std::move(*file) : DeviceFile();
  }

  BlockingPool pool_{1};
  TestLoop loop_{std::move(*EpollBackend::create(pool_)), pool_};
  std::unique_ptr<DeviceRing> ring_;
};

Task<void> take_all(DeviceRing& ring, std::set<const void*>& contexts, std::set<int>& errors) {
  while (ring.under_way() != 0) {
    const auto readable = co_await ring.readable();
    EXPECT_TRUE(readable.has_value());
    while (const auto done = ring.take()) {
      contexts.insert(done->context);
      errors.insert(done->error);
    }
  }
}

TEST_F(DeviceRingTest, ADriverThatKnowsNoCommandsSaysSo) {
  const DeviceFile zero = open("/dev/zero");
  std::array<std::uint8_t, 8> contexts{};
  const std::array<std::uint8_t, DeviceRing::largest_command> command{};
  for (std::uint8_t& context : contexts) EXPECT_TRUE(ring_->submit(zero, command, &context).has_value());
  const auto one_more = ring_->submit(zero, command, nullptr);
  EXPECT_TRUE(!one_more && one_more.error().kind() == IoError::Kind::no_memory);
  std::set<const void*> taken;
  std::set<int> errors;
  EXPECT_TRUE(loop_.run(take_all(*ring_, taken, errors)));
  EXPECT_EQ(taken.size(), contexts.size());
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(IoError::from_errno(*errors.begin()).kind(), IoError::Kind::not_supported);
}

TEST_F(DeviceRingTest, ACommandThatIsTooLongIsRefused) {
  const DeviceFile zero = open("/dev/zero");
  const std::array<std::uint8_t, DeviceRing::largest_command + 1> command{};
  const auto submitted = ring_->submit(zero, command, nullptr);
  EXPECT_TRUE(!submitted && submitted.error().kind() == IoError::Kind::invalid);
  EXPECT_EQ(ring_->under_way(), 0U);
}

Task<void> wait_and_cancel(Shard& shard, DeviceRing& ring, bool& cancelled) {
  const auto wait = [](DeviceRing& on, bool& done) -> Task<void> {
    const auto readable = co_await on.readable();
    done = !readable && readable.error().kind() == IoError::Kind::cancelled;
  };
  spawn(wait(ring, cancelled));
  co_await shard.sleep(1ms);
  EXPECT_FALSE(cancelled);
  ring.cancel_wait();
  for (int look = 0; look < 5000 && !cancelled; ++look) co_await shard.sleep(1ms);
}

TEST_F(DeviceRingTest, AWaitForNothingCanBeEnded) {
  bool cancelled = false;
  EXPECT_TRUE(loop_.run(wait_and_cancel(loop_.shard(), *ring_, cancelled)));
  EXPECT_TRUE(cancelled);
}

}  // namespace
}  // namespace tgt
