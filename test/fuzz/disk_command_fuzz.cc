// SPDX-License-Identifier: Apache-2.0
// Any CDBs with any data, one after the other, for a disk in memory: each that is a CDB at all is answered, with sense
// when and only when it failed, and with no more data than was expected.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "device/disk/disk.h"
#include "device/primary/device_bench.h"
#include "store/memory_store.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Input {
  tgt::Bytes left;
  std::size_t number(std::size_t bytes) {
    std::size_t value = 0;
    for (const std::uint8_t byte : take(bytes)) value = value << 8 | byte;
    return value;
  }
  std::vector<std::uint8_t> take(std::size_t most) {
    const tgt::Bytes taken = left.first(std::min(most, left.size()));
    left = left.subspan(taken.size());
    return {taken.begin(), taken.end()};
  }
};

std::unique_ptr<tgt::Disk> make_disk(std::size_t flags) {
  auto store = tgt::MemoryStore::open(1 << 16);
  require(store.has_value());
  tgt::Disk::Options options;
  options.identity = tgt::Identity::of(1, 1, "VIRTUAL-DISK", tgt::DeviceBench::target_name);
  options.thin_provisioning = (flags & 1) != 0;
  options.removable = (flags & 2) != 0;
  options.write_cache = (flags & 4) != 0;
  if ((flags & 8) != 0) options.block_size.exponent = 12;
  auto disk = tgt::Disk::make(std::move(*store), options);
  require(disk.has_value());
  return std::move(*disk);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{{data, size}};
  tgt::DeviceBench bench(make_disk(input.number(1)));
  for (unsigned commands = 0; !input.left.empty() && commands < 64; ++commands) {
    const std::vector<std::uint8_t> cdb = input.take(6 + input.number(1) % 27);
    const std::vector<std::uint8_t> data_out = input.take(input.number(2));
    const auto expected = static_cast<std::uint32_t>(input.number(2));
    const bool is_cdb = tgt::Cdb::from_transport(cdb).has_value();
    const auto answer = bench.send(cdb, data_out, data_out.empty() ? expected : 0);
    require(answer.answered == is_cdb);
    require(answer.sense.has_value() == (answer.status == tgt::Status::check_condition));
    require(answer.data.size() <= expected);
  }
  return 0;
}
