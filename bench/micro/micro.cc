// SPDX-License-Identifier: Apache-2.0
// What one command costs in the functions that every command passes: finding the PDU, the digests, decoding the CDB.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <vector>

#include "base/crc32c.h"
#include "core/command_table.h"
#include "scsi/cdb.h"
#include "scsi/field.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/pdu_reader.h"

namespace tgt {
namespace {

void crc32c(benchmark::State& state) {
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 0xa5);
  for (auto _ : state) benchmark::DoNotOptimize(Crc32c::of(data));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc32c)->Arg(48)->Arg(512)->Arg(4096)->Arg(65536);

// A row of SCSI Command PDUs with `data_length` bytes of immediate data each, as one receive call brings them.
std::vector<std::uint8_t> commands_on_the_wire(std::size_t count, std::uint32_t data_length) {
  iscsi::ScsiCommandHeader header;
  header.opcode = 0x01;
  header.flags = 0x80;
  header.data_segment_length = data_length;
  std::vector<std::uint8_t> wire;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bytes = bytes_of(header);
    wire.insert(wire.end(), bytes.begin(), bytes.end());
    wire.resize(wire.size() + data_length);
  }
  return wire;
}

// Stands for the receive call. Returns how much it "received".
std::size_t receive(PduReader& reader, Bytes from) {
  std::size_t done = 0;
  for (const auto& place : reader.room()) {
    const std::size_t part = std::min(place.iov_len, from.size() - done);
    std::memcpy(place.iov_base, from.data() + done, part);
    done += part;
  }
  reader.received(done);
  return done;
}

void read_pdus(benchmark::State& state) {
  constexpr std::size_t commands = 32;
  const auto wire = commands_on_the_wire(commands, static_cast<std::uint32_t>(state.range(0)));
  PduReader reader(std::size_t{256} << 10, {.max_data_segment_length = 262144});
  std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (Bytes left = wire; !left.empty();) {
      left = left.subspan(receive(reader, left));
      for (auto event = reader.next(); event != PduReader::Event::wants_more; event = reader.next()) {
        if (event == PduReader::Event::header) reader.put_data(data);
        benchmark::DoNotOptimize(reader.header());
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(commands));
}
BENCHMARK(read_pdus)->Arg(0)->Arg(4096);

// Commands of the shape of real ones; nothing runs them.
struct Read10 {
  static constexpr std::string_view name = "READ (10)";
  static constexpr std::uint8_t operation_code = 0x28;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Field force_unit_access{1, 3, 1};
  static constexpr Field logical_block_address{2, 7, 32};
  static constexpr Field transfer_length{7, 7, 16};
  static constexpr std::array fields{force_unit_access, logical_block_address, transfer_length};
  static constexpr Access access = Access::read;
  static Reply run(DeviceServer& /*device*/, Command& /*command*/) { return {}; }
};

constexpr auto commands_of_a_disk = command_set<DeviceServer, Read10>();

void decode_cdb(benchmark::State& state) {
  const CommandTable table(commands_of_a_disk);
  std::array<std::uint8_t, 16> carried{0x28, 0, 0, 0, 0x12, 0x34, 0, 0, 8, 0};
  for (auto _ : state) {
    benchmark::DoNotOptimize(carried);
    const auto cdb = Cdb::from_transport(carried);
    auto row = table.decode(*cdb);
    benchmark::DoNotOptimize(row);
    benchmark::DoNotOptimize((*cdb)[Read10::logical_block_address]);
    benchmark::DoNotOptimize((*cdb)[Read10::transfer_length]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_cdb);

}  // namespace
}  // namespace tgt

BENCHMARK_MAIN();
