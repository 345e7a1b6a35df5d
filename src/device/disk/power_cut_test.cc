// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "core/logical_unit.h"
#include "core/reservations/reservations.h"
#include "device/disk/disk.h"
#include "device/primary/device_bench.h"
#include "store/memory_store.h"
#include "store/power_cut_store.h"

namespace tgt {
namespace {

// The medium, which stays when the disk over it is gone.
class Medium final : public BlockStore {
 public:
  explicit Medium(BlockStore& store) : store_(store) {}
  Description describe() const override { return store_.describe(); }
  std::uint64_t capacity() const override { return store_.capacity(); }
  std::uint32_t alignment() const override { return store_.alignment(); }
  StoreTransfer read(Shard& shard, MutableBytes data, std::uint64_t offset) override {
    return store_.read(shard, data, offset);
  }
  StoreTransfer write(Shard& shard, Bytes data, std::uint64_t offset) override {
    return store_.write(shard, data, offset);
  }
  Task<Result<void, IoFault>> flush(Shard& shard) override { return store_.flush(shard); }

 private:
  BlockStore& store_;
};

// The file of the reservations. While the power goes, what is being saved is there afterwards or it is not.
class LastingReservations final : public StateStore {
 public:
  struct File {
    std::vector<std::uint8_t> blob;
    bool too_late = false;
  };
  explicit LastingReservations(File& file) : file_(file) {}
  Task<bool> save(Shard&, std::vector<std::uint8_t> blob) override {
    if (!file_.too_late) file_.blob = std::move(blob);
    co_return true;
  }

 private:
  File& file_;
};

// Two hosts that write in every way that promises something, change the reservation, and see the power go at random.
// For each block they remember the values that the medium may hold: the last one that a flush or FUA made durable, and
// those since.
class PowerCutTest : public testing::Test {
 protected:
  static constexpr unsigned blocks = 128;
  static constexpr std::uint8_t force_unit_access = 0x08;

  PowerCutTest() : medium_(std::move(*MemoryStore::open(blocks * 512))) { start(); }

  void write(bool forced) {
    const unsigned first = random_() % blocks;
    const unsigned count = 1 + random_() % std::min(16u, blocks - first);
    const auto value = static_cast<std::uint8_t>(random_());
    const auto flags = forced ? force_unit_access : std::uint8_t{0};
    const std::vector<std::uint8_t> cdb{
        0x2a, flags, 0, 0, 0, static_cast<std::uint8_t>(first), 0, 0, static_cast<std::uint8_t>(count), 0};
    ASSERT_EQ(send(cdb, std::vector<std::uint8_t>(count * 512, value)).status, Status::good);
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
    ASSERT_EQ(send(cdb, data).status, Status::good);
    took(block, value, forced || !write_cache_);
  }
  void write_same() {
    const unsigned block = random_() % blocks;
    const auto value = static_cast<std::uint8_t>(random_() % 2);  // zeros go another way
    const std::vector<std::uint8_t> cdb{0x41, 0, 0, 0, 0, static_cast<std::uint8_t>(block), 0, 0, 1, 0};
    ASSERT_EQ(send(cdb, std::vector<std::uint8_t>(512, value)).status, Status::good);
    took(block, value, !write_cache_);
  }
  void synchronize_cache() {
    ASSERT_EQ(send({0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0}).status, Status::good);
    for (auto& values : may_hold_) values = {values.back()};
  }
  void set_write_cache(bool on) {
    std::vector<std::uint8_t> list{0, 0, 0, 0, 0x08, 0x12, on ? std::uint8_t{4} : std::uint8_t{0}};
    list.resize(24);
    ASSERT_EQ(send({0x15, 0x10, 0, 0, 24, 0}, list).status, Status::good);
    write_cache_ = on;
  }
  void change_reservation() {
    constexpr std::array<std::uint8_t, 6> types{1, 3, 5, 6, 7, 8};
    constexpr std::array<std::uint8_t, 8> actions{1, 2, 3, 4, 5, 6, 6, 6};  // RESERVE to REGISTER AND IGNORE
    const std::size_t which = random_() % 2;
    const std::uint8_t action = actions[random_() % actions.size()];
    const std::uint8_t type = types[random_() % types.size()];
    std::vector<std::uint8_t> list(24);
    list[7] = static_cast<std::uint8_t>(1 + which);
    const std::size_t meant = action == 6 ? which : 1 - which;  // the key of whom it is about
    if (action != 6 || random_() % 4 != 0) list[15] = static_cast<std::uint8_t>(1 + meant);
    list[20] = 1;  // APTPL
    const auto answer = send_as(which, {0x5f, action, type, 0, 0, 0, 0, 0, 24, 0}, list);
    ASSERT_TRUE(answer.status != Status::check_condition || answer.sense->additional == releases_another_type);
    changes_ += answer.status == Status::good;
  }
  // The power goes, now and then in the middle of a change of the reservation. A new disk finds the medium and the
  // file.
  void cut() {
    auto reservations = full_status();
    if (random_() % 2 == 0) {
      file_.too_late = random_() % 2 == 0;
      change_reservation();
      if (!file_.too_late) reservations = full_status();
      file_.too_late = false;
    }
    medium_.cut();
    start();
    ASSERT_EQ(full_status(), reservations);
    const auto data = send({0x28, 0, 0, 0, 0, 0, 0, 0, blocks, 0}).data;
    ASSERT_EQ(data.size(), blocks * 512u);
    for (unsigned block = 0; block < blocks; ++block) {
      const Bytes bytes = Bytes(data).subspan(block * 512u, 512);
      ASSERT_EQ(std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1), 0) << "a torn block " << block;
      ASSERT_NE(std::ranges::find(may_hold_[block], bytes[0]), may_hold_[block].end()) << "block " << block;
      may_hold_[block] = {bytes[0]};
    }
  }
  unsigned changes() const { return changes_; }
  std::mt19937 random_{11};

 private:
  static constexpr AdditionalSense releases_another_type{0x26, 0x04};

  void start() {
    Disk::Options options;
    options.identity = Identity::of(1, 1, "VIRTUAL-DISK", DeviceBench::target_name);
    bench_.reset();
    bench_ = std::make_unique<DeviceBench>(std::move(*Disk::make(std::make_unique<Medium>(medium_), options)));
    Reservations& reservations = bench_->shared_unit()->reservations();
    reservations.set_store(std::make_unique<LastingReservations>(file_));
    if (!file_.blob.empty()) ASSERT_TRUE(reservations.restore(file_.blob));
    hosts_ = {&bench_->nexus(), &bench_->another_nexus()};
    write_cache_ = true;
  }
  DeviceBench::Answer send_as(std::size_t host, const std::vector<std::uint8_t>& cdb,
                              const std::vector<std::uint8_t>& data = {}) {
    for (;;) {
      auto answer = bench_->send_as(*hosts_[host], cdb, data);
      if (!answer.sense || answer.sense->key != SenseKey::unit_attention) return answer;
    }
  }
  // From one of the hosts, at random; when the reservation stops it, from the other.
  DeviceBench::Answer send(const std::vector<std::uint8_t>& cdb, const std::vector<std::uint8_t>& data = {}) {
    const std::size_t first = random_() % 2;
    auto answer = send_as(first, cdb, data);
    if (answer.status != Status::reservation_conflict) return answer;
    return send_as(1 - first, cdb, data);
  }
  // READ FULL STATUS without PRGENERATION, which begins anew.
  std::vector<std::uint8_t> full_status() {
    auto data = send_as(0, {0x5e, 3, 0, 0, 0, 0, 0, 2, 0, 0}).data;
    data.erase(data.begin(), data.begin() + 4);
    return data;
  }
  void took(unsigned block, std::uint8_t value, bool durable) {
    if (durable) may_hold_[block].clear();
    may_hold_[block].push_back(value);
  }
  bool write_cache_ = true;
  unsigned changes_ = 0;
  PowerCutStore medium_;
  LastingReservations::File file_;
  std::unique_ptr<DeviceBench> bench_;
  std::array<Nexus*, 2> hosts_{};
  std::vector<std::vector<std::uint8_t>> may_hold_ = std::vector<std::vector<std::uint8_t>>(blocks, {0});
};

TEST_F(PowerCutTest, WhatWasPromisedToBeDurableAndReservationsSurviveTwoHundredPowerCuts) {
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
      case 7:
      case 8:
        change_reservation();
        break;
      default:
        write(random_() % 2 == 0);
    }
  }
  EXPECT_GT(changes(), 200u);
}

}  // namespace
}  // namespace tgt
