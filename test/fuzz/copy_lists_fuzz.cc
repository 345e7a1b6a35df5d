// SPDX-License-Identifier: Apache-2.0
// Any parameter list for EXTENDED COPY, POPULATE TOKEN and WRITE USING TOKEN, one after the other: nothing beyond the
// disks of the own target is ever written, what is answered with GOOD or refused gives all memory back, and every
// answer about a list can be asked for.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "device/disk/copy/copy_end.h"
#include "device/primary/device_bench.h"
#include "store/memory_store.h"

namespace {

constexpr std::uint64_t capacity = std::uint64_t{1} << 18;

void require(bool condition) {
  if (!condition) std::abort();
}

struct MadeDisk {
  std::unique_ptr<tgt::Disk> disk;
  tgt::BlockStore* store = nullptr;
};

MadeDisk make_disk(std::uint32_t tid, std::uint32_t lun, const char* target) {
  tgt::Disk::Options options;
  options.identity = tgt::Identity::of(tid, lun, "VIRTUAL-DISK", target);
  auto store = std::move(*tgt::MemoryStore::open(capacity));
  MadeDisk made{.disk = nullptr, .store = store.get()};
  made.disk = std::move(*tgt::Disk::make(std::move(store), options));
  return made;
}

// Two disks at LUN 0 and 1 of one target, one of another.
class World {
 public:
  World() : bench_(make_disk(1, 1, tgt::DeviceBench::target_name).disk) {
    const std::vector<tgt::Shard*> shards{&bench_.reactor().shard()};
    bench_.target().map(
        tgt::Lun{1}, std::make_shared<tgt::LogicalUnit>(make_disk(1, 2, tgt::DeviceBench::target_name).disk, shards));
    bench_.send({0, 0, 0, 0, 0, 0});  // takes REPORTED LUNS DATA HAS CHANGED
    MadeDisk other = make_disk(2, 1, "iqn.elsewhere");
    hidden_ = other.store;
    elsewhere_.map(tgt::Lun{0}, std::make_shared<tgt::LogicalUnit>(std::move(other.disk), shards));
  }
  ~World() {
    require(bench_.reactor().shard().buffers().lent() == 0);
    require(bench_.reactor().run(nothing_written()));
  }

  tgt::DeviceBench::Answer send(std::uint8_t action, std::vector<std::uint8_t> list) {
    std::vector<std::uint8_t> cdb(16);
    cdb[0] = 0x83;
    cdb[1] = action;
    cdb[9] = 1;
    cdb[12] = static_cast<std::uint8_t>(list.size() >> 8);
    cdb[13] = static_cast<std::uint8_t>(list.size());
    const auto answer = bench_.send(cdb, std::move(list));
    require(answer.answered);
    require(answer.status == tgt::Status::good || answer.status == tgt::Status::check_condition);
    return answer;
  }
  // RECEIVE COPY RESULTS or RECEIVE ROD TOKEN INFORMATION.
  tgt::DeviceBench::Answer receive(std::uint8_t action, std::uint8_t at, std::uint8_t identifier) {
    std::vector<std::uint8_t> cdb(16);
    cdb[0] = 0x84;
    cdb[1] = action;
    cdb[at] = identifier;
    cdb[12] = 8;
    const auto answer = bench_.send(cdb);
    require(answer.answered);
    return answer;
  }

 private:
  tgt::Task<void> nothing_written() {
    std::vector<std::uint8_t> bytes(capacity);
    const auto read = co_await hidden_->read_all(bench_.reactor().shard(), bytes, 0);
    require(read.has_value());
    require(bytes.front() == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
  }

  tgt::DeviceBench bench_;
  tgt::BlockStore* hidden_ = nullptr;
  tgt::Target elsewhere_{2, "iqn.elsewhere", "iscsi", {}};
};

void extended_copy(World& world, std::vector<std::uint8_t> list) {
  const std::uint8_t identifier = list.empty() ? std::uint8_t{0} : list[0];
  world.send(0x00, std::move(list));
  for (const std::uint8_t action : std::vector<std::uint8_t>{0x00, 0x01, 0x04, 0x03})
    world.receive(action, 2, identifier);
}

void write_using_token(World& world, std::vector<std::uint8_t> list) {
  constexpr std::size_t at = 16;
  constexpr std::size_t length = 512;
  constexpr std::size_t token_in_answer = 38;
  const auto answer = world.receive(0x07, 5, 1);
  // A list that asks for it gets the token that POPULATE TOKEN made, with the rest as it is.
  const bool takes_it = list.size() >= at + length && list[at] == 0x5a;
  if (takes_it && answer.data.size() >= token_in_answer + length) {
    std::copy_n(answer.data.begin() + token_in_answer, length, list.begin() + at);
  }
  world.send(0x11, std::move(list));
  world.receive(0x07, 5, 1);
}

}  // namespace

// Each list: which command, two bytes of its length, the list.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  for (std::size_t at = 0; at + 3 <= size;) {
    const std::size_t asked = static_cast<std::size_t>(data[at + 1]) << 8 | data[at + 2];
    const std::size_t length = std::min(asked, size - at - 3);
    std::vector<std::uint8_t> list(data + at + 3, data + at + 3 + length);
    switch (data[at] % 3) {
      case 0:
        extended_copy(world, std::move(list));
        break;
      case 1:
        world.send(0x10, std::move(list));
        break;
      default:
        write_using_token(world, std::move(list));
        break;
    }
    at += 3 + length;
  }
  return 0;
}
