// SPDX-License-Identifier: Apache-2.0
#include "reactor/shard.h"

#include <gtest/gtest.h>

#include "reactor/blocking_pool.h"

namespace tgt {
namespace {

// Its shard sleeps, and what it waited for posts something in its turn.
class PostingBackend final : public Backend {
 public:
  bool start(Operation&) override { return true; }
  void cancel(Operation&) override {}
  void cancel_descriptor(int) override {}
  void wait(std::optional<TimePoint> until) override {
    sleeps = !until;
    if (on_wait != nullptr) shard->post(*on_wait);
  }
  bool resume() override {
    shard->post(work);
    return true;
  }
  void wake() override { ++wakes; }
  TimePoint now() const override { return TimePoint() + 1s; }
  void shutdown(int) override {}
  void close(int) override {}
  void forget(int) override {}
  std::optional<std::uint64_t> taken(int) const override { return std::nullopt; }

  Shard* shard = nullptr;
  PostedWork work{.run = [](PostedWork&) {}};
  PostedWork* on_wait = nullptr;
  bool sleeps = false;
  unsigned wakes = 0;
};

class PostedWhileAwake : public testing::Test {
 protected:
  PostedWhileAwake() : backend_(new PostingBackend), shard_({}, std::unique_ptr<Backend>(backend_), pool_) {
    backend_->shard = &shard_;
  }
  BlockingPool pool_{0};
  PostingBackend* backend_;
  Shard shard_;
};

TEST_F(PostedWhileAwake, WorkRingsNoBell) {
  shard_.turn(std::nullopt);
  EXPECT_TRUE(backend_->sleeps);
  EXPECT_EQ(backend_->wakes, 0U);
}

TEST_F(PostedWhileAwake, WorkThatComesDuringTheWaitRingsOnce) {
  PostedWork other{.run = [](PostedWork&) {}};
  backend_->on_wait = &other;
  shard_.turn(std::nullopt);
  EXPECT_EQ(backend_->wakes, 1U);
}

}  // namespace
}  // namespace tgt
