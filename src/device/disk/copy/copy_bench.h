// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/disk/copy/copy_end.h"
#include "device/disk/copy/third_party_copies.h"
#include "device/disk/disk.h"
#include "device/disk/fault_store.h"
#include "device/primary/device_bench.h"

namespace tgt {

// Disks of 4096 blocks at LUN 0 and 1 of one target and at LUN 0 of another; an initiator of the first.
class CopyFixture : public testing::Test {
 protected:
  using Answer = DeviceBench::Answer;
  using List = std::vector<std::uint8_t>;
  static constexpr std::uint64_t blocks = 4096;

  struct MadeDisk {
    std::unique_ptr<Disk> disk;
    FaultStore* store = nullptr;
  };
  static MadeDisk make_disk(std::uint32_t tid, std::uint32_t lun, FaultStore::Script script = {},
                            Disk::Options options = {}) {
    options.identity = Identity::of(tid, lun, "VIRTUAL-DISK", tid == 1 ? DeviceBench::target_name : "iqn.elsewhere");
    script.capacity = blocks * options.block_size.bytes();
    auto store = std::make_unique<FaultStore>(script);
    MadeDisk made{.disk = nullptr, .store = store.get()};
    made.disk = std::move(*Disk::make(std::move(store), options));
    return made;
  }
  void add(std::uint32_t lun, MadeDisk made) {
    stores_[lun] = made.store;
    disks_[lun] = made.disk.get();
    if (lun == 0) {
      bench_ = std::make_unique<DeviceBench>(std::move(made.disk));
      return;
    }
    auto unit = std::make_shared<LogicalUnit>(std::move(made.disk), std::vector<Shard*>{&bench_->reactor().shard()});
    ASSERT_TRUE(bench_->target().map(Lun{lun}, unit));
    units_.push_back(unit);
    bench_->send({0, 0, 0, 0, 0, 0});  // takes REPORTED LUNS DATA HAS CHANGED
  }
  void SetUp() override {
    add(0, make_disk(1, 1));
    add(1, make_disk(1, 2));
    MadeDisk other = make_disk(2, 1);
    elsewhere_disk_ = other.disk.get();
    elsewhere_.map(
        Lun{0}, std::make_shared<LogicalUnit>(std::move(other.disk), std::vector<Shard*>{&bench_->reactor().shard()}));
  }
  void TearDown() override { EXPECT_EQ(bench_->reactor().shard().buffers().lent(), 0u); }

  DeviceBench& bench() { return *bench_; }
  Disk& disk(std::uint32_t lun) { return *disks_[lun]; }
  FaultStore& store(std::uint32_t lun) { return *stores_[lun]; }
  LogicalUnit& second_unit() { return *units_.front(); }

  // A CSCD descriptor; `found` may be changed before it goes into a list.
  third_party_copy::IdentificationDescriptor cscd(std::uint32_t lun) { return identification_of(disk(lun)); }
  third_party_copy::IdentificationDescriptor cscd_elsewhere() { return identification_of(*elsewhere_disk_); }
  static third_party_copy::BlockToBlockSegment segment(std::uint16_t source, std::uint16_t destination,
                                                       std::uint16_t count, std::uint64_t from, std::uint64_t to) {
    third_party_copy::BlockToBlockSegment made;
    made.source_descriptor_id = source;
    made.destination_descriptor_id = destination;
    made.number_of_blocks = count;
    made.source_block_address = from;
    made.destination_block_address = to;
    return made;
  }
  static List list_of(std::vector<third_party_copy::IdentificationDescriptor> cscds,
                      std::vector<third_party_copy::BlockToBlockSegment> segments, std::uint8_t identifier = 1) {
    third_party_copy::ExtendedCopyHeader header;
    header.list_identifier = identifier;
    header.cscd_descriptor_list_length = static_cast<std::uint16_t>(cscds.size() * 32);
    header.segment_descriptor_list_length = static_cast<std::uint32_t>(segments.size() * 28);
    List list;
    const auto append = [&list](Bytes bytes) { list.insert(list.end(), bytes.begin(), bytes.end()); };
    append(bytes_of(header));
    for (const auto& each : cscds) append(bytes_of(each));
    for (const auto& each : segments) append(bytes_of(each));
    return list;
  }
  static List cdb_of(std::uint8_t code, std::uint8_t action, std::uint32_t length, std::uint32_t identifier = 0,
                     std::size_t identifier_at = 6) {
    List cdb(16);
    cdb[0] = code;
    cdb[1] = action;
    copy_bytes(bytes_of(be32(identifier)), MutableBytes(cdb).subspan(identifier_at));
    copy_bytes(bytes_of(be32(length)), MutableBytes(cdb).subspan(10));
    return cdb;
  }
  static List copy_cdb(std::size_t length) { return cdb_of(0x83, 0x00, static_cast<std::uint32_t>(length)); }
  Answer copy(const List& list) { return bench().send(copy_cdb(list.size()), list); }
  // RECEIVE COPY RESULTS of a list identifier.
  Answer results(std::uint8_t action, std::uint8_t identifier = 1) {
    return bench().send(cdb_of(0x84, action, 1024, std::uint32_t{identifier} << 24, 2));
  }

  // Blocks that say which they are.
  static List pattern(std::size_t count, std::uint8_t seed) {
    List data(count * 512);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(seed + i / 512 * 7 + i % 512);
    return data;
  }
  void put(std::uint32_t lun, std::uint64_t block, List data) {
    ASSERT_TRUE(bench().reactor().run(put_bytes(lun, block * disk(lun).block_size().bytes(), data)));
  }
  List get(std::uint32_t lun, std::uint64_t block, std::size_t count) {
    List data(count * disk(lun).block_size().bytes());
    EXPECT_TRUE(bench().reactor().run(get_bytes(*stores_[lun], block * disk(lun).block_size().bytes(), data)));
    return data;
  }

  static void expect_sense(const Answer& answer, const Sense& sense) {
    EXPECT_EQ(answer.status, Status::check_condition);
    ASSERT_TRUE(answer.sense);
    EXPECT_EQ(*answer.sense, sense) << static_cast<int>(answer.sense->key) << " "
                                    << static_cast<int>(answer.sense->additional.code) << " "
                                    << static_cast<int>(answer.sense->additional.qualifier);
  }
  static void expect_pointer(const Answer& answer, FieldPointer::Where where, unsigned byte) {
    ASSERT_TRUE(answer.sense && answer.sense->field);
    EXPECT_EQ(answer.sense->field->where, where);
    EXPECT_EQ(answer.sense->field->byte, byte);
  }
  static void expect_bad_list_field(const Answer& answer, unsigned byte) {
    expect_sense(answer, Sense::invalid_field_in_parameter_list(0));
    expect_pointer(answer, FieldPointer::Where::parameter_list, byte);
  }

 private:
  Task<void> put_bytes(std::uint32_t lun, std::uint64_t offset, const List& data) {
    static_cast<void>(co_await stores_[lun]->write_all(bench_->reactor().shard(), Bytes(data), offset));
  }
  Task<void> get_bytes(FaultStore& store, std::uint64_t offset, List& data) {
    static_cast<void>(co_await store.read_all(bench_->reactor().shard(), MutableBytes(data), offset));
  }
  std::map<std::uint32_t, Disk*> disks_;
  std::map<std::uint32_t, FaultStore*> stores_;
  std::unique_ptr<DeviceBench> bench_;
  std::vector<std::shared_ptr<LogicalUnit>> units_;
  Disk* elsewhere_disk_ = nullptr;
  Target elsewhere_{2, "iqn.elsewhere", "iscsi", {}};
};

}  // namespace tgt
