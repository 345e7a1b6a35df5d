// SPDX-License-Identifier: Apache-2.0
// Any CDBs with any data, one after the other, for a disk in memory: each that is a CDB at all is answered, with sense
// when and only when it failed, and with no more data than was expected.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/logical_unit.h"
#include "core/reservations/reservations.h"
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

// What was saved can be read.
class CheckedStore final : public tgt::StateStore {
 public:
  tgt::Task<bool> save(tgt::Shard&, std::vector<std::uint8_t> blob) override {
    require(tgt::decode_persistent_state(blob).has_value());
    co_return true;
  }
};

constexpr std::size_t names_a_row = 0x80;

// A command that the disk has, whatever the bytes are: nothing is set but its fields.
std::vector<std::uint8_t> cdb_of_row(const tgt::CommandTraits& row, std::vector<std::uint8_t> bytes) {
  bytes.resize(row.cdb_length);
  for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] &= row.usage[at];
  bytes[0] = row.operation_code;
  if (row.service_action) {
    bytes[1] = static_cast<std::uint8_t>((bytes[1] & 0xe0) | *row.service_action);
  }
  return bytes;
}

// A byte that tells the length of the CDB, or which of the disk's commands it is; the CDB.
std::vector<std::uint8_t> take_cdb(Input& input, const tgt::CommandTable& table) {
  const std::size_t head = input.number(1);
  if (head < names_a_row) return input.take(6 + head % 27);
  const auto rows = table.rows();
  const tgt::CommandTraits& row = rows[(head - names_a_row) % rows.size()];
  require(rows.size() <= names_a_row && row.operation_code != 0x7f);
  return cdb_of_row(row, input.take(row.cdb_length));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{{data, size}};
  const std::size_t flags = input.number(1);
  auto disk = make_disk(flags);
  const tgt::CommandTable table = disk->commands();
  tgt::DeviceBench bench(std::move(disk));
  if ((flags & 16) != 0) bench.shared_unit()->reservations().set_store(std::make_unique<CheckedStore>());
  for (unsigned commands = 0; !input.left.empty() && commands < 64; ++commands) {
    const std::vector<std::uint8_t> cdb = take_cdb(input, table);
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
