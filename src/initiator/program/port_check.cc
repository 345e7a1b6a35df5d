// SPDX-License-Identifier: Apache-2.0
// Tries an initiator port against a real device, for the tests that run in a guest (test/vm/sg_port_test.py):
//   port_check STEP DEVICE [NUMBER]
// It prints what happened, one line each, and leaves the judgement to the test.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <vector>

#include "initiator/open_port.h"
#include "reactor/gate.h"
#include "reactor/reactor.h"

namespace tgt {
namespace {

struct Bench {
  Reactor& reactor;
  Shard& shard;
  InitiatorPort& port;
  const DeviceLocation& location;
  unsigned number;
  TimePoint begin;
  std::vector<Execution*> running;
  Gate gate;

  long long elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
  }
};

Cdb cdb_of(std::initializer_list<std::uint8_t> bytes) {
  return Cdb::from_transport(Bytes(bytes.begin(), bytes.size())).value_or(Cdb());
}

Cdb read_10(std::uint8_t block, std::uint8_t count) { return cdb_of({0x28, 0, 0, 0, 0, block, 0, 0, count, 0}); }

void print(const Bench& bench, const std::string& name, const ScsiResult& result) {
  const auto sense = result.sense.decode();
  fmt::print("{} {} fault={} sent={} host={:02x} driver={:02x} status={:02x} transferred={} sense={}\n",
             bench.elapsed(), name, static_cast<int>(result.fault), result.sent, static_cast<int>(result.host_status),
             static_cast<int>(result.driver_status), static_cast<int>(result.status), result.transferred(),
             sense ? fmt::format("{:x}/{:02x}/{:02x}", static_cast<int>(sense->key), sense->additional.code,
                                 sense->additional.qualifier)
                   : "none");
}

// One command; `index` gives it a place in bench.running while it is under way.
Task<ScsiResult> run(Bench& bench, std::string name, ScsiRequest request, std::size_t index = 0) {
  const Gate::Pass pass = bench.gate.enter();
  Execution execution(bench.port, bench.shard, request);
  if (index >= bench.running.size()) bench.running.resize(index + 1);
  bench.running[index] = &execution;
  co_await execution;
  bench.running[index] = nullptr;
  print(bench, name, execution.result());
  co_return execution.result();
}

Task<void> run_alone(Bench& bench, std::string name, ScsiRequest request, std::size_t index) {
  static_cast<void>(co_await run(bench, std::move(name), request, index));
}

struct Many {
  std::vector<std::vector<std::uint8_t>> data;
};

void start_reads(Bench& bench, Many& many, unsigned count) {
  many.data.assign(count, std::vector<std::uint8_t>(512));
  for (unsigned i = 0; i < count; ++i) {
    const auto block = static_cast<std::uint8_t>(i);
    spawn(run_alone(bench, fmt::format("read{}", i),
                    {.cdb = read_10(block, 1),
                     .direction = DataDirection::data_in,
                     .data = many.data[i],
                     .timeout = std::chrono::seconds(30)},
                    i));
  }
}

Task<void> identify(Bench& bench) {
  const auto limits = bench.port.limits();
  fmt::print("node={} address={} type={} depth={} transfer={}\n", bench.port.identity().node,
             bench.port.identity().address, static_cast<int>(bench.location.type), limits.queue_depth,
             limits.transfer_bytes);
  std::vector<std::uint8_t> data(252, 0xee);
  co_await run(bench, "inquiry",
               {.cdb = cdb_of({0x12, 0, 0, 0, 252, 0}), .direction = DataDirection::data_in, .data = data});
  fmt::print("product={}\n", std::string(data.begin() + 16, data.begin() + 32));
  data.assign(252, 0xee);
  co_await run(bench, "kept",
               {.cdb = cdb_of({0x12, 0, 0, 0, 252, 0}),
                .direction = DataDirection::data_in,
                .data = data,
                .keep_unfilled_bytes = true});
  fmt::print("filler={:02x}\n", data.back());
  co_await run(bench, "tur", {.cdb = cdb_of({0, 0, 0, 0, 0, 0})});
  co_await run(bench, "tur", {.cdb = cdb_of({0, 0, 0, 0, 0, 0})});
  data.assign(512, 0);
  co_await run(bench, "beyond",
               {.cdb = cdb_of({0x28, 0, 0xff, 0xff, 0xff, 0xf0, 0, 0, 1, 0}),
                .direction = DataDirection::data_in,
                .data = data});
}

// More commands than the device's queue takes, all at once.
Task<void> order(Bench& bench) {
  Many many;
  start_reads(bench, many, bench.number);
  co_await bench.gate.close();
}

// A command longer than its time.
Task<void> time_out(Bench& bench) {
  std::vector<std::uint8_t> data(512);
  co_await run(bench, "read",
               {.cdb = read_10(0, 1),
                .direction = DataDirection::data_in,
                .data = data,
                .timeout = std::chrono::milliseconds(1500)});
}

Task<void> reset(Bench& bench) {
  Many many;
  start_reads(bench, many, bench.number);
  co_await bench.shard.sleep(1s);
  const auto result = co_await bench.port.reset(bench.shard, InitiatorPort::ResetLevel::logical_unit);
  fmt::print("{} reset={}\n", bench.elapsed(), static_cast<int>(result));
  const bool idle = co_await bench.port.wait_until_idle(bench.shard, 20s);
  fmt::print("{} idle={}\n", bench.elapsed(), idle);
  co_await bench.gate.close();
  for (int i = 0; i < 3; ++i) {
    Execution tur(bench.port, bench.shard, {.cdb = cdb_of({0, 0, 0, 0, 0, 0})});
    co_await tur;
    print(bench, "tur", tur.result());
  }
}

// The last command is taken back while the ones before it keep the device busy.
Task<void> drop(Bench& bench) {
  Many many;
  start_reads(bench, many, bench.number);
  co_await bench.shard.sleep(500ms);
  for (Execution* execution : {bench.running.front(), bench.running.back()}) {
    if (execution != nullptr) execution->drop();
  }
  co_await bench.gate.close();
}

Task<void> pull(Bench& bench) {
  Many many;
  start_reads(bench, many, bench.number);
  co_await bench.shard.sleep(500ms);
  const std::string file = bench.location.sysfs_folder + "/delete";
  co_await bench.reactor.blocking().run(bench.shard, [&] { std::ofstream(file) << "1\n"; });
  fmt::print("{} deleted\n", bench.elapsed());
  co_await bench.gate.close();
  Execution after(bench.port, bench.shard, {.cdb = cdb_of({0, 0, 0, 0, 0, 0})});
  co_await after;
  print(bench, "after", after.result());
  const std::clock_t before = std::clock();
  co_await bench.shard.sleep(2s);
  fmt::print("{} cpu_ms={}\n", bench.elapsed(), (std::clock() - before) * 1000 / CLOCKS_PER_SEC);
}

// Changed credentials make the kernel refuse write() and read() on nodes that were opened before.
Task<void> credentials(Bench& bench) {
  if (::setgid(0) != 0) fmt::print("setgid failed\n");
  Many many;
  start_reads(bench, many, bench.number);
  co_await bench.gate.close();
}

// Transfers up to the limit that is told, and one beyond.
Task<void> limits(Bench& bench) {
  const std::uint32_t limit = bench.port.limits().transfer_bytes;
  for (const std::uint64_t bytes : {std::uint64_t{512}, std::uint64_t{limit}, std::uint64_t{limit} * 2}) {
    std::vector<std::uint8_t> data(bytes);
    const auto blocks = static_cast<std::uint16_t>(bytes / 512);
    co_await run(bench, fmt::format("bytes{}", bytes),
                 {.cdb = cdb_of({0x28, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(blocks >> 8),
                                 static_cast<std::uint8_t>(blocks), 0}),
                  .direction = DataDirection::data_in,
                  .data = data});
  }
}

using Step = Task<void> (*)(Bench&);
const std::map<std::string, Step>& steps() {
  static const std::map<std::string, Step> all{
      {"identify", identify}, {"order", order}, {"timeout", time_out},        {"reset", reset},
      {"drop", drop},         {"pull", pull},   {"credentials", credentials}, {"limits", limits}};
  return all;
}

// Unit attentions from before this program's time.
Task<void> clear_unit_attentions(Bench& bench) {
  for (int i = 0; i < 4; ++i) {
    Execution tur(bench.port, bench.shard, {.cdb = cdb_of({0, 0, 0, 0, 0, 0})});
    co_await tur;
    if (tur.result().good()) co_return;
  }
}

Task<void> run_step(Reactor& reactor, Step step, std::string device, unsigned number, int& exit_code) {
  Shard& shard = reactor.shard(0);
  const auto refused = [&](const OpenFault& fault) {
    fmt::print("refused: {}\n", fault.text);
    exit_code = 2;
    reactor.stop();
  };
  auto location = co_await find_device(shard, reactor, device);
  if (!location) co_return refused(location.error());
  auto opened = co_await open_port(shard, reactor, *location, {}, Log::to_standard_error(LogLevel::debug));
  if (!opened) co_return refused(opened.error());
  {
    Bench bench{.reactor = reactor,
                .shard = shard,
                .port = *opened->port,
                .location = *location,
                .number = number,
                .begin = std::chrono::steady_clock::now(),
                .running = {},
                .gate = {}};
    if (step != identify && step != time_out) co_await clear_unit_attentions(bench);
    co_await step(bench);
  }
  co_await opened->port->close(shard);
  fmt::print("closed\n");
  exit_code = 0;
  reactor.stop();
}

}  // namespace
}  // namespace tgt

int main(int count, char** words) {
  using namespace tgt;
  const auto step = count < 3 ? steps().end() : steps().find(words[1]);
  if (step == steps().end()) {
    fmt::print(stderr, "port_check STEP DEVICE [NUMBER]\n");
    return 64;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  int exit_code = 1;
  Reactor reactor({.shards = 1}, Log::to_standard_error(LogLevel::info));
  struct Start : PostedWork {
    std::function<void()> action;
  } start;
  const auto number = static_cast<unsigned>(count > 3 ? std::atoi(words[3]) : 1);
  start.action = [&] { spawn(run_step(reactor, step->second, words[2], number, exit_code)); };
  start.run = [](PostedWork& work) { static_cast<Start&>(work).action(); };
  reactor.shard(0).post(start);
  reactor.run();
  return exit_code;
}
