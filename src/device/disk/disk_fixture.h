// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "device/disk/disk.h"
#include "device/disk/fault_store.h"
#include "device/primary/device_bench.h"

namespace tgt {

// A disk of 2048 blocks of 512 bytes over a FaultStore; a test may ask for another one.
class DiskFixture : public testing::Test {
 protected:
  using Block = std::vector<std::uint8_t>;
  static constexpr std::uint64_t blocks = 2048;

  void make(const FaultStore::Script& script, Disk::Options options) {
    if (options.identity.product.empty()) {
      options.identity = Identity::of(1, 1, "VIRTUAL-DISK", DeviceBench::target_name);
    }
    auto store = std::make_unique<FaultStore>(script);
    store_ = store.get();
    auto disk = Disk::make(std::move(store), options);
    ASSERT_TRUE(disk.has_value());
    disk_ = disk->get();
    bench_.reset();
    bench_ = std::make_unique<DeviceBench>(std::move(*disk));
  }
  void make() { make({}, {}); }

  DeviceBench& bench() {
    if (!bench_) make();
    return *bench_;
  }
  FaultStore& store() {
    bench();
    return *store_;
  }
  Disk& disk() {
    bench();
    return *disk_;
  }
  DeviceBench::Answer send(std::vector<std::uint8_t> cdb, std::vector<std::uint8_t> data = {}) {
    return bench().send(std::move(cdb), std::move(data));
  }

  // Blocks that say which they are.
  static Block pattern(std::size_t count, std::uint8_t seed, std::size_t block = 512) {
    Block data(count * block);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(seed + i / block + i % block * 3);
    return data;
  }
  static std::vector<std::uint8_t> write10(std::uint8_t lba, std::uint8_t count, std::uint8_t flags = 0) {
    return {0x2a, flags, 0, 0, 0, lba, 0, 0, count, 0};
  }
  static std::vector<std::uint8_t> read10(std::uint8_t lba, std::uint8_t count, std::uint8_t flags = 0) {
    return {0x28, flags, 0, 0, 0, lba, 0, 0, count, 0};
  }
  void put(std::uint8_t lba, const Block& data) {
    ASSERT_EQ(send(write10(lba, static_cast<std::uint8_t>(data.size() / 512)), data).status, Status::good);
  }
  Block get(std::uint8_t lba, std::uint8_t count) { return send(read10(lba, count)).data; }

  static void expect_sense(const DeviceBench::Answer& answer, const Sense& sense) {
    EXPECT_EQ(answer.status, Status::check_condition);
    ASSERT_TRUE(answer.sense);
    EXPECT_EQ(*answer.sense, sense);
  }
  static void expect_invalid_field(const DeviceBench::Answer& answer, Field field) {
    expect_sense(answer, Sense::invalid_field_in_cdb());
    ASSERT_TRUE(answer.sense && answer.sense->field);
    EXPECT_EQ(answer.sense->field->byte, field.byte);
    EXPECT_EQ(answer.sense->field->bit, field.most_significant_bit);
  }

 private:
  std::unique_ptr<DeviceBench> bench_;
  FaultStore* store_ = nullptr;
  Disk* disk_ = nullptr;
};

}  // namespace tgt
