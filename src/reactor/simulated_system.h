// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "reactor/io_error.h"
#include "reactor/operation.h"
#include "reactor/time.h"

namespace tgt {

// An operating system for tests: a clock that is moved by hand, sockets and files in memory, errors on demand, and a
// seeded generator that decides what is left to chance. One thread. Descriptors never meet the real ones' numbers.
class SimulatedSystem {
 public:
  struct Options {
    std::uint64_t seed = 1;
    bool short_transfers = true;   // sends and receives of sockets move fewer bytes than they could
    unsigned delays_percent = 30;  // how often something that is ready waits for a later turn
  };
  explicit SimulatedSystem(const Options& options);
  ~SimulatedSystem();
  SimulatedSystem(const SimulatedSystem&) = delete;
  SimulatedSystem& operator=(const SimulatedSystem&) = delete;

  TimePoint now() const { return now_; }
  void advance(Duration by) { now_ += by; }
  void advance_to(TimePoint then);

  // The two ends of a connection, for `Socket(shard, end)`. Each direction holds up to `capacity` bytes.
  std::pair<int, int> socket_pair(std::size_t capacity = 65536);
  // For `Listener(shard, descriptor)`.
  int make_listener();
  // The client's end of a new connection, whose other end waits to be accepted.
  int connect_to(int listener);
  // For `File::adopt(descriptor, properties)`.
  int make_file(std::size_t size);
  std::vector<std::uint8_t>& content(int file);

  // The operation of this kind on this descriptor that comes after `after` others fails.
  void fail_next(int descriptor, Operation::Kind kind, IoError error, unsigned after = 0);
  // How many descriptors nobody has closed yet.
  std::size_t open_descriptors() const { return objects_.size(); }

  // A number from 0 to `below` - 1.
  std::size_t random(std::size_t below);
  bool delays() { return random(100) < options_.delays_percent; }

  // For SimulatedBackend: the operation's result, or -EAGAIN while it cannot be done.
  std::int64_t attempt(const Operation& operation);
  std::optional<std::uint64_t> taken(int descriptor) const;
  void shutdown(int descriptor);
  void close(int descriptor);

 private:
  struct Object;
  struct Failure {
    int descriptor;
    Operation::Kind kind;
    unsigned after;
    IoError error;
  };

  int add(std::shared_ptr<Object> object);
  std::shared_ptr<Object> find(int descriptor) const;
  std::int64_t injected_error(const Operation& operation);
  std::size_t some_of(std::size_t most);
  std::int64_t accept(Object& listener);
  std::int64_t receive(Object& end, const Operation& operation);
  std::int64_t send(Object& end, const Operation& operation);
  std::int64_t transfer_file(Object& file, const Operation& operation);

  Options options_;
  std::mt19937_64 generator_;
  TimePoint now_{std::chrono::hours(1)};
  int next_descriptor_;
  std::map<int, std::shared_ptr<Object>> objects_;
  std::vector<Failure> failures_;
};

}  // namespace tgt
