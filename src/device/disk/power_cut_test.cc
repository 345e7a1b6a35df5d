// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "device/disk/disk.h"
#include "device/primary/device_bench.h"
#include "store/memory_store.h"
#include "store/power_cut_store.h"

namespace tgt {
namespace {

// A host that writes in every way that promises something, and loses power at random. For each block it remembers the
// values that the medium may hold: the last one that a flush or FUA made durable, and those since.
class PowerCutTest : public testing::Test {
 protected:
  static constexpr unsigned blocks = 128;
  static constexpr std::uint8_t force_unit_access = 0x08;

  PowerCutTest() {
    auto store = std::make_unique<PowerCutStore>(std::move(*MemoryStore::open(blocks * 512)));
    store_ = store.get();
    Disk::Options options;
    options.identity = Identity::of(1, 1, "VIRTUAL-DISK", DeviceBench::target_name);
    bench_ = std::make_unique<DeviceBench>(std::move(*Disk::make(std::move(store), std::move(options))));
  }

  void write(bool forced) {
    const unsigned first = random_() % blocks;
    const unsigned count = 1 + random_() % std::min(16u, blocks - first);
    const auto value = static_cast<std::uint8_t>(random_());
    const auto flags = forced ? force_unit_access : std::uint8_t{0};
    const std::vector<std::uint8_t> cdb{
        0x2a, flags, 0, 0, 0, static_cast<std::uint8_t>(first), 0, 0, static_cast<std::uint8_t>(count), 0};
    ASSERT_EQ(bench_->send(cdb, std::vector<std::uint8_t>(count * 512, value)).status, Status::good);
    for (unsigned block = first; block < first + count; ++block) took(block, value, forced || !write_cache_);
  }
  // The block becomes another one only if it is what we think it is.
  void compare_and_write(bool forced) {
    const unsigned block = random_() % blocks;
    const auto value = static_cast<std::uint8_t>(random_());
    std::vector<std::uint8_t> data(512, may_hold_[block].back());
    data.resize(1024, value);
    const auto flags = forced ? force_unit_access : std::uint8_t{0};
    const std::vector<std::uint8_t> cdb{0x89, flags, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(block),
                                        0,    0,     0, 1, 0, 0};
    ASSERT_EQ(bench_->send(cdb, data).status, Status::good);
    took(block, value, forced || !write_cache_);
  }
  void write_same() {
    const unsigned block = random_() % blocks;
    const auto value = static_cast<std::uint8_t>(random_() % 2);  // zeros go another way
    const std::vector<std::uint8_t> cdb{0x41, 0, 0, 0, 0, static_cast<std::uint8_t>(block), 0, 0, 1, 0};
    ASSERT_EQ(bench_->send(cdb, std::vector<std::uint8_t>(512, value)).status, Status::good);
    took(block, value, !write_cache_);
  }
  void synchronize_cache() {
    ASSERT_EQ(bench_->send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
    for (auto& values : may_hold_) values = {values.back()};
  }
  void set_write_cache(bool on) {
    std::vector<std::uint8_t> list{0, 0, 0, 0, 0x08, 0x12, on ? std::uint8_t{4} : std::uint8_t{0}};
    list.resize(24);
    ASSERT_EQ(bench_->send({0x15, 0x10, 0, 0, 24, 0}, list).status, Status::good);
    write_cache_ = on;
  }
  void cut() {
    store_->cut();
    const auto data = bench_->send({0x28, 0, 0, 0, 0, 0, 0, 0, blocks, 0}).data;
    ASSERT_EQ(data.size(), blocks * 512u);
    for (unsigned block = 0; block < blocks; ++block) {
      const Bytes bytes = Bytes(data).subspan(block * 512u, 512);
      ASSERT_EQ(std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1), 0) << "a torn block " << block;
      ASSERT_NE(std::ranges::find(may_hold_[block], bytes[0]), may_hold_[block].end()) << "block " << block;
      may_hold_[block] = {bytes[0]};
    }
  }
  std::mt19937 random_{11};

 private:
  void took(unsigned block, std::uint8_t value, bool durable) {
    if (durable) may_hold_[block].clear();
    may_hold_[block].push_back(value);
  }
  bool write_cache_ = true;
  PowerCutStore* store_ = nullptr;
  std::unique_ptr<DeviceBench> bench_;
  std::vector<std::vector<std::uint8_t>> may_hold_ = std::vector<std::vector<std::uint8_t>>(blocks, {0});
};

TEST_F(PowerCutTest, WhatWasPromisedToBeDurableSurvivesTwoHundredPowerCuts) {
  for (int cuts = 0; cuts < 200 && !HasFatalFailure();) {
    switch (random_() % 16) {
      case 0:
        cut();
        ++cuts;
        break;
      case 1:
        synchronize_cache();
        break;
      case 2:
        set_write_cache(random_() % 2 == 0);
        break;
      case 3:
      case 4:
        write_same();
        break;
      case 5:
      case 6:
        compare_and_write(random_() % 2 == 0);
        break;
      default:
        write(random_() % 2 == 0);
    }
  }
}

}  // namespace
}  // namespace tgt
