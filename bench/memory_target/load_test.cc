// SPDX-License-Identifier: Apache-2.0
// The whole generator against the memory target, over loopback TCP.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "iscsi_load/report.h"
#include "iscsi_load/run.h"
#include "memory_target/memory_target.h"

namespace tgt::bench {
namespace {

class LoadOnMemoryTarget : public testing::Test {
 protected:
  void start(MemoryMedium medium) {
    medium.bytes.resize(std::size_t{4} << 20);
    auto made = MemoryTarget::listen(std::move(medium), 0);
    ASSERT_TRUE(made) << made.error().text;
    target_ = std::move(*made);
    thread_ = std::jthread([this] { target_->serve(stop_); });
    options_.portal = fmt::format("127.0.0.1:{}", target_->port());
    options_.target = "iqn.2026-11.invalid.bench:memory";
    options_.warmup_seconds = 0;
    options_.seconds = 0.1;
    options_.sessions = 2;
    options_.depth = 8;
  }
  void TearDown() override { stop_ = true; }

  std::string fault_of_run() {
    const auto report = run_load(options_);
    return report ? "no fault" : report.error().text;
  }

  Options options_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<MemoryTarget> target_;
  std::jthread thread_;  // after the target: it is joined first
};

TEST_F(LoadOnMemoryTarget, CountsCommandsBytesAndLatencies) {
  start({});
  const auto report = run_load(options_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_GT(report->measured.commands, 0U);
  EXPECT_EQ(report->measured.bytes, report->measured.commands * 4096);
  EXPECT_EQ(report->measured.latency.count(), report->measured.commands);
  EXPECT_NE(as_text(options_, *report).find("IOPS"), std::string::npos);
}

TEST_F(LoadOnMemoryTarget, VerifiesSmallCommandsFromSeveralThreads) {
  start({});
  options_.verify = true;
  options_.load = Load::mix;
  options_.threads = 2;
  const auto report = run_load(options_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_GT(report->measured.verified_reads, 0U);
}

TEST_F(LoadOnMemoryTarget, VerifiesWritesThatNeedUnsolicitedDataAndSeveralR2Ts) {
  start({});
  options_.verify = true;
  options_.load = Load::mix;
  options_.depth = 2;
  options_.sessions = 1;
  options_.block_size = 1 << 20;
  options_.offer.max_burst_length = 200'000;
  options_.offer.first_burst_length = 150'000;
  options_.offer.max_recv_data_segment_length = 100'000;
  const auto report = run_load(options_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_GT(report->measured.verified_reads, 0U);
}

TEST_F(LoadOnMemoryTarget, ReadsEverythingBackAfterARunOfWritesOnly) {
  start({});
  options_.verify = true;
  options_.load = Load::write;
  options_.seconds = 0.2;
  const auto report = run_load(options_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_GT(report->measured.verified_reads, 0U);
}

TEST_F(LoadOnMemoryTarget, FindsOutThatATargetLosesWrites) {
  start({.bytes = {}, .bad_block = {}, .loses_writes = true});
  options_.verify = true;
  options_.load = Load::mix;
  EXPECT_NE(fault_of_run().find("wrong data at byte 0 of a READ of 8 blocks at LBA"), std::string::npos);
}

TEST_F(LoadOnMemoryTarget, EndsTheRunAtTheFirstCheckConditionAndSaysWhich) {
  start({.bytes = {}, .bad_block = 12, .loses_writes = false});
  const std::string fault = fault_of_run();
  EXPECT_NE(fault.find("READ of 8 blocks at LBA 8 ended with CHECK CONDITION, sense key 3, additional sense 11/00"),
            std::string::npos)
      << fault;
}

TEST_F(LoadOnMemoryTarget, KeepsIdleSessionsOpenUntilTheTimeIsOver) {
  start({});
  options_.depth = 0;
  options_.sessions = 20;
  const auto report = run_load(options_);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->measured.commands, 0U);
}

TEST_F(LoadOnMemoryTarget, SaysThatNobodyListens) {
  start({});
  options_.portal = "127.0.0.1:1";
  EXPECT_NE(fault_of_run().find("connecting to 127.0.0.1:1: Connection refused"), std::string::npos);
}

}  // namespace
}  // namespace tgt::bench
