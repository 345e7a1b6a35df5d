// SPDX-License-Identifier: Apache-2.0
// Every handle on every backend.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <numeric>
#include <thread>
#include <vector>

#include "reactor/device_file.h"
#include "reactor/epoll_backend.h"
#include "reactor/event.h"
#include "reactor/file.h"
#include "reactor/gate.h"
#include "reactor/signal_source.h"
#include "reactor/socket.h"
#include "reactor/test_loop.h"
#include "reactor/uevent_socket.h"
#include "reactor/uring_backend.h"

namespace tgt {
namespace {

enum class Choice { io_uring, epoll };

std::unique_ptr<Backend> make(Choice choice, BlockingPool& pool) {
  if (choice == Choice::io_uring) {
    auto backend = UringBackend::create(pool);
    return backend ? std::move(*backend) : nullptr;
  }
  auto backend = EpollBackend::create(pool);
  return backend ? std::move(*backend) : nullptr;
}

class BackendTest : public testing::TestWithParam<Choice> {
 protected:
  void SetUp() override {
    auto backend = make(GetParam(), pool_);
    if (backend == nullptr) GTEST_SKIP() << "this kernel refuses it";
    loop_ = std::make_unique<TestLoop>(std::move(backend), pool_);
  }
  void TearDown() override { EXPECT_TRUE(pool_.end(5s)); }
  void run(Task<void> task) { ASSERT_TRUE(loop_->run(std::move(task))) << "the task did not end"; }
  Shard& shard() { return loop_->shard(); }

  std::pair<Socket, Socket> socket_pair() {
    std::array<int, 2> pair{-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    return {Socket(shard(), pair[0]), Socket(shard(), pair[1])};
  }

  BlockingPool pool_{4};
  std::unique_ptr<TestLoop> loop_;
};

std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

Task<void> receive_exactly(Socket& socket, MutableBytes into, std::size_t& received) {
  while (received < into.size()) {
    const auto count = co_await socket.receive(into.subspan(received));
    if (!count || *count == 0) co_return;
    received += *count;
  }
}

Task<void> send_whole(Socket& socket, Bytes bytes, bool& sent) {
  std::array vectors{io_vector(bytes.first(bytes.size() / 3)), io_vector(bytes.subspan(bytes.size() / 3))};
  const auto result = co_await socket.send_all(vectors);
  sent = result.has_value();
}

// Gives what must happen soon the time to happen, on a loaded machine, too.
Task<void> eventually(Shard& shard, const bool& happened) {
  for (int look = 0; look < 5000 && !happened; ++look) co_await shard.sleep(1ms);
  EXPECT_TRUE(happened);
}

TEST_P(BackendTest, ATcpConnectionCarriesBytesInBothDirections) {
  run([](Shard& shard) -> Task<void> {
    auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
    EXPECT_TRUE(listener.has_value());
    auto client = co_await Socket::connect(shard, listener->local_endpoint());
    EXPECT_TRUE(client.has_value());
    auto server = co_await listener->accept();
    EXPECT_TRUE(server.has_value());
    server->set_tcp_options();
    EXPECT_EQ(server->peer_endpoint().text(), client->local_endpoint().text());
    EXPECT_FALSE(server->peer_credentials().has_value());
    const auto out = pattern(3'000'000);
    std::vector<std::uint8_t> in(out.size());
    bool sent = false;
    std::size_t received = 0;
    spawn(send_whole(*client, out, sent));
    co_await receive_exactly(*server, in, received);
    co_await eventually(shard, sent);
    EXPECT_EQ(in, out);
    client->close();
    const auto end = co_await server->receive(in);
    EXPECT_EQ(end.value_or(99), 0U);
  }(shard()));
}

TEST_P(BackendTest, ATcpConnectionTellsHowMuchOfWhatWasSentItsPeerHasTaken) {
  run([](Shard& shard) -> Task<void> {
    auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
    auto client = co_await Socket::connect(shard, listener->local_endpoint());
    auto server = co_await listener->accept();
    EXPECT_TRUE(server.has_value());
    const auto out = pattern(20'000'000);
    std::vector<std::uint8_t> in(out.size());
    bool sent = false;
    std::size_t received = 0;
    spawn(send_whole(*client, out, sent));
    co_await shard.sleep(20ms);
    EXPECT_LT(client->taken(), out.size()) << "there is no room for it at the other end";
    co_await receive_exactly(*server, in, received);
    co_await eventually(shard, sent);
    EXPECT_EQ(client->sent(), out.size());
    for (int look = 0; look < 5000 && client->taken() < client->sent(); ++look) co_await shard.sleep(1ms);
    EXPECT_GE(client->taken(), client->sent());
  }(shard()));
}

TEST_P(BackendTest, AReceiveScattersOverItsVectors) {
  run([](std::pair<Socket, Socket> pair) -> Task<void> {
    auto out = pattern(100);
    std::array gather{io_vector(MutableBytes(out))};
    const auto sent = co_await pair.first.send_all(gather);
    EXPECT_TRUE(sent.has_value());
    std::vector<std::uint8_t> head(48);
    std::vector<std::uint8_t> rest(100);
    std::array scatter{io_vector(MutableBytes(head)), io_vector(MutableBytes(rest))};
    const auto received = co_await pair.second.receive(scatter);
    EXPECT_EQ(received.value_or(0), 100U);
    EXPECT_TRUE(std::equal(head.begin(), head.end(), out.begin()));
    EXPECT_TRUE(std::equal(rest.begin(), rest.begin() + 52, out.begin() + 48));
  }(socket_pair()));
}

TEST_P(BackendTest, AConnectionThatNobodyAcceptsIsRefused) {
  run([](Shard& shard) -> Task<void> {
    auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
    const Endpoint at = listener->local_endpoint();
    listener->close();
    const auto client = co_await Socket::connect(shard, at);
    EXPECT_FALSE(client.has_value());
  }(shard()));
}

TEST_P(BackendTest, AnAddressInUseIsAnError) {
  auto first = Listener::listen(shard(), *Endpoint::parse("127.0.0.1:0", 0));
  ASSERT_TRUE(first.has_value());
  const auto second = Listener::listen(shard(), first->local_endpoint());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind(), IoError::Kind::address_in_use);
}

Task<void> accept_one(Listener& listener, std::optional<IoError>& error, bool& ended) {
  auto accepted = co_await listener.accept();
  if (!accepted) error = accepted.error();
  ended = true;
}

TEST_P(BackendTest, ShuttingAListenerDownEndsItsAccept) {
  run([](Shard& shard) -> Task<void> {
    auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
    std::optional<IoError> error;
    bool ended = false;
    spawn(accept_one(*listener, error, ended));
    co_await shard.sleep(5ms);
    EXPECT_FALSE(ended);
    listener->shutdown();
    co_await eventually(shard, ended);
    EXPECT_TRUE(error && error->kind() == IoError::Kind::cancelled);
  }(shard()));
}

TEST_P(BackendTest, AcceptOutlivesAShortageOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  run([](Shard& shard, rlimit normal) -> Task<void> {
    auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
    std::optional<IoError> error;
    bool ended = false;
    auto client = co_await Socket::connect(shard, listener->local_endpoint());
    rlimit tight = normal;
    const int next = ::dup(0);
    ::close(next);
    tight.rlim_cur = static_cast<rlim_t>(next);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    spawn(accept_one(*listener, error, ended));
    co_await shard.sleep(20ms);
    EXPECT_FALSE(ended);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &normal), 0);
    co_await eventually(shard, ended);
    EXPECT_FALSE(error.has_value());
  }(shard(), before));
}

Task<void> receive_once(Socket& socket, bool& ended) {
  std::array<std::uint8_t, 16> bytes{};
  [[maybe_unused]] const auto received = co_await socket.receive(bytes);
  ended = true;
}

TEST_P(BackendTest, ShuttingASocketDownEndsItsReceive) {
  run([](Shard& shard, std::pair<Socket, Socket> pair) -> Task<void> {
    bool ended = false;
    spawn(receive_once(pair.first, ended));
    co_await shard.sleep(5ms);
    EXPECT_FALSE(ended);
    pair.first.shutdown();
    co_await eventually(shard, ended);
  }(shard(), socket_pair()));
}

Task<void> send_everything(Socket& socket, Bytes bytes, bool& ended, bool& sent) {
  std::array vectors{io_vector(bytes)};
  const auto result = co_await socket.send_all(vectors);
  sent = result.has_value();
  ended = true;
}

TEST_P(BackendTest, ShuttingASocketDownEndsASendThatNobodyReads) {
  run([](Shard& shard, std::pair<Socket, Socket> pair) -> Task<void> {
    const auto out = pattern(8'000'000);
    bool ended = false;
    bool sent = false;
    spawn(send_everything(pair.first, out, ended, sent));
    co_await shard.sleep(20ms);
    EXPECT_FALSE(ended);
    pair.first.shutdown();
    co_await eventually(shard, ended);
    EXPECT_FALSE(sent);
  }(shard(), socket_pair()));
}

TEST_P(BackendTest, APeerThatIsGoneIsAnErrorAndNoSignal) {
  run([](Shard& shard, std::pair<Socket, Socket> pair) -> Task<void> {
    pair.second.close();
    const auto out = pattern(100);
    std::array vectors{io_vector(Bytes(out))};
    const auto sent = co_await pair.first.send_all(vectors);
    EXPECT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().kind(), IoError::Kind::connection_lost);
    co_await shard.sleep(1ms);
  }(shard(), socket_pair()));
}

TEST_P(BackendTest, ADescriptorNumberThatIsUsedAgainGetsItsOwnEvents) {
  run([](Shard& shard) -> Task<void> {
    for (int round = 0; round < 20; ++round) {
      std::array<int, 2> pair{-1, -1};
      EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
      Socket left(shard, pair[0]);
      Socket right(shard, pair[1]);
      bool ended = false;
      spawn(receive_once(left, ended));
      co_await shard.sleep(0ms);
      const auto out = pattern(3);
      std::array vectors{io_vector(Bytes(out))};
      [[maybe_unused]] const auto sent = co_await right.send_all(vectors);
      co_await eventually(shard, ended);
      if (round % 2 == 0) {  // given away: the number is used again without this shard's knowledge
        ::close(left.release());
        ::close(right.release());
      }
    }
  }(shard()));
}

TEST_P(BackendTest, AUnixSocketTellsWhoItsPeerIs) {
  run([](Shard& shard) -> Task<void> {
    const std::string path = "/tmp/reactor-test-" + std::to_string(::getpid()) + ".socket";
    for (int round = 0; round < 2; ++round) {  // the second finds the first one's file
      auto listener = Listener::listen_unix(shard, path);
      EXPECT_TRUE(listener.has_value());
      auto client = co_await Socket::connect_unix(shard, path);
      EXPECT_TRUE(client.has_value());
      auto server = co_await listener->accept();
      const auto peer = server->peer_credentials();
      EXPECT_TRUE(peer && peer->user == ::getuid() && peer->group == ::getgid());
    }
    ::unlink(path.c_str());
  }(shard()));
}

TEST_P(BackendTest, ASocketSetNonBlockingByOthersWorksAllTheSame) {
  run([](Shard& shard, std::pair<Socket, Socket> pair) -> Task<void> {
    const int raw = pair.first.release();
    ::fcntl(raw, F_SETFL, O_NONBLOCK);
    Socket socket(shard, raw);
    bool ended = false;
    spawn(receive_once(socket, ended));
    co_await shard.sleep(5ms);
    EXPECT_FALSE(ended);
    const auto out = pattern(3);
    std::array vectors{io_vector(Bytes(out))};
    [[maybe_unused]] const auto sent = co_await pair.second.send_all(vectors);
    co_await eventually(shard, ended);
  }(shard(), socket_pair()));
}

TEST_P(BackendTest, OneBusyConnectionDoesNotKeepTheOthersWaiting) {
  run([](Shard& shard, std::pair<Socket, Socket> busy, std::pair<Socket, Socket> quiet) -> Task<void> {
    bool quiet_ended = false;
    std::size_t rounds = 0;
    bool stop = false;
    spawn(receive_once(quiet.first, quiet_ended));
    const auto ping_pong = [](Socket& left, Socket& right, std::size_t& count, bool& ends) -> Task<void> {
      std::array<std::uint8_t, 1> byte{};
      while (!ends) {
        std::array vectors{io_vector(MutableBytes(byte))};
        [[maybe_unused]] const auto sent = co_await left.send_all(vectors);
        [[maybe_unused]] const auto received = co_await right.receive(byte);
        ++count;
      }
    };
    spawn(ping_pong(busy.first, busy.second, rounds, stop));
    std::array<std::uint8_t, 1> byte{};
    std::array vectors{io_vector(MutableBytes(byte))};
    [[maybe_unused]] const auto sent = co_await quiet.second.send_all(vectors);
    co_await eventually(shard, quiet_ended);
    EXPECT_GT(rounds, 10U);
    stop = true;
    co_await shard.sleep(10ms);
  }(shard(), socket_pair(), socket_pair()));
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& folder) : path_(folder + "/reactor-test-XXXXXX") {
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor >= 0) ::close(descriptor);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Task<void> write_and_read_back(Shard& shard, std::string path, File::OpenOptions options) {
  auto opened = co_await File::open(shard, path, options);
  EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().text());
  if (!opened) co_return;
  File file = std::move(*opened);
  Buffer out = shard.buffers().allocate(1 << 20);
  Buffer in = shard.buffers().allocate(1 << 20);
  const auto bytes = pattern(1 << 20);
  std::copy(bytes.begin(), bytes.end(), out.data());
  std::size_t done = 0;
  const auto written = co_await file.write_all(shard, out.all(), 4096, &done);
  EXPECT_TRUE(written.has_value());
  EXPECT_EQ(done, bytes.size());
  const auto synced = co_await file.sync_data(shard);
  EXPECT_TRUE(synced.has_value());
  const auto size = co_await file.refresh_size(shard);
  EXPECT_EQ(size.value_or(0), 4096U + bytes.size());
  const auto read = co_await file.read(shard, in.all(), 4096);
  EXPECT_EQ(read.value_or(0), bytes.size());
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), in.data()));
  const auto tail = co_await file.read(shard, in.all(), 4096 + bytes.size() - 4096);
  EXPECT_EQ(tail.value_or(0), 4096U);
  const auto behind = co_await file.read(shard, in.first(4096), 4096 + bytes.size());
  EXPECT_EQ(behind.value_or(99), 0U);
  const auto zeroed = co_await file.write_zeros(shard, 8192, 4096);
  const bool knows_zeroing = zeroed || zeroed.error().kind() != IoError::Kind::not_supported;
  EXPECT_EQ(zeroed.has_value(), knows_zeroing);
  if (file.properties().can_deallocate) {
    const auto deallocated = co_await file.deallocate(shard, 16384, 8192);
    EXPECT_TRUE(deallocated.has_value());
  }
  const auto again = co_await file.read(shard, in.first(32768), 4096);
  EXPECT_EQ(again.value_or(0), 32768U);
  EXPECT_EQ(in.data()[4095], bytes[4095]);
  if (knows_zeroing) {
    EXPECT_TRUE(std::all_of(in.data() + 4096, in.data() + 8192, [](std::uint8_t byte) { return byte == 0; }));
  }
  EXPECT_EQ(in.data()[8192], bytes[8192]);
  if (file.properties().can_deallocate) EXPECT_EQ(in.data()[12288] | in.data()[20479], 0);
}

TEST_P(BackendTest, AFileInMemoryKeepsWhatIsWritten) {
  const TemporaryFile file("/dev/shm");
  run(write_and_read_back(shard(), file.path(), {}));
}

TEST_P(BackendTest, AFileOnDiskKeepsWhatIsWritten) {
  const TemporaryFile file("/tmp");
  run(write_and_read_back(shard(), file.path(), {}));
}

TEST_P(BackendTest, ADirectFileKeepsWhatIsWritten) {
  const TemporaryFile file("/var/tmp");
  const int probe = ::open(file.path().c_str(), O_RDWR | O_DIRECT);
  if (probe < 0) GTEST_SKIP() << "no O_DIRECT here";
  ::close(probe);
  run(write_and_read_back(shard(), file.path(), {.direct = true}));
}

TEST_P(BackendTest, AnAdoptedFileGoesThroughTheBackend) {
  run([](Shard& shard) -> Task<void> {
    const TemporaryFile temporary("/dev/shm");
    File file = File::adopt(::open(temporary.path().c_str(), O_RDWR), {});
    const auto bytes = pattern(10000);
    const auto written = co_await file.write_all(shard, bytes, 100);
    EXPECT_TRUE(written.has_value());
    std::vector<std::uint8_t> in(20000);
    const auto read = co_await file.read(shard, in, 100);
    EXPECT_EQ(read.value_or(0), 10000U);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), in.begin()));
    const auto zeroed = co_await file.write_zeros(shard, 100, 9999);
    EXPECT_TRUE(zeroed.has_value());
    const auto again = co_await file.read(shard, MutableBytes(in).first(10000), 100);
    EXPECT_EQ(again.value_or(0), 10000U);
    EXPECT_EQ(std::accumulate(in.begin(), in.begin() + 10000, 0U), bytes[9999]);
  }(shard()));
}

TEST_P(BackendTest, WhatIsNoFileIsRefused) {
  run([](Shard& shard) -> Task<void> {
    const auto folder = co_await File::open(shard, "/tmp", {});
    EXPECT_TRUE(!folder && folder.error().kind() == IoError::Kind::invalid);
    const auto device = co_await File::open(shard, "/dev/null", {});
    EXPECT_TRUE(!device && device.error().kind() == IoError::Kind::invalid);
    const auto missing = co_await File::open(shard, "/tmp/there-is-no-such-file", {});
    EXPECT_TRUE(!missing && missing.error().kind() == IoError::Kind::not_found);
  }(shard()));
}

TEST_P(BackendTest, AFileIsMadeWhenAskedFor) {
  const std::string path = "/tmp/reactor-made-" + std::to_string(::getpid());
  run([](Shard& shard, std::string at) -> Task<void> {
    const auto made = co_await File::open(shard, at, {.create = true});
    EXPECT_TRUE(made.has_value());
    EXPECT_EQ(made->properties().size, 0U);
  }(shard(), path));
  EXPECT_EQ(::unlink(path.c_str()), 0);
}

// Jobs of the pool that end when they are told to.
class HeldJobs {
 public:
  HeldJobs(BlockingPool& pool, int descriptor, std::size_t count) : jobs_(count) {
    for (Job& job : jobs_) {
      job.owner = this;
      job.lane = BlockingLane{descriptor};
      job.run = [](PostedWork& self) { static_cast<Job&>(self).owner->released_.wait(); };
      pool.submit(job);
    }
  }
  void release() { released_.count_down(); }

 private:
  struct Job : BlockingWork {
    HeldJobs* owner = nullptr;
  };
  std::latch released_{1};
  std::vector<Job> jobs_;
};

TEST_P(BackendTest, AFileIsClosedByThePoolInItsTurnAndThenIsClosed) {
  const TemporaryFile temporary("/tmp");
  const int descriptor = ::open(temporary.path().c_str(), O_RDWR | O_CLOEXEC);
  HeldJobs held(pool_, descriptor, BlockingPool::most_of_one_file);
  run([](Shard& shard, int number, HeldJobs& jobs) -> Task<void> {
    File file = File::adopt(number, {});
    bool closed = false;
    spawn([](Shard& on, File& of, bool& ended) -> Task<void> {
      co_await of.close(on);
      ended = true;
    }(shard, file, closed));
    co_await shard.sleep(5ms);
    EXPECT_FALSE(closed);
    jobs.release();
    while (!closed) co_await shard.sleep(1ms);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  }(shard(), descriptor, held));
  EXPECT_TRUE(pool_.end(5s));  // before the jobs' memory goes
}

TEST_P(BackendTest, ErrorsOfAFileReachTheCaller) {
  run([](Shard& shard) -> Task<void> {
    const TemporaryFile temporary("/tmp");
    auto file = co_await File::open(shard, temporary.path(), {.writable = false});
    const auto bytes = pattern(512);
    std::size_t done = 99;
    const auto written = co_await file->write_all(shard, bytes, 0, &done);
    EXPECT_FALSE(written.has_value());
    EXPECT_EQ(done, 0U);
  }(shard()));
}

TEST_P(BackendTest, ManyReadsMayBeUnderWayAtOnce) {
  run([](Shard& shard) -> Task<void> {
    const TemporaryFile temporary("/tmp");
    File file = File::adopt(::open(temporary.path().c_str(), O_RDWR), {});
    const auto bytes = pattern(1 << 20);
    const auto written = co_await file.write_all(shard, bytes, 0);
    EXPECT_TRUE(written.has_value());
    Gate gate;
    unsigned right = 0;
    const auto read_one = [](Shard& on, File& from, Bytes all, std::size_t at, unsigned& count,
                             Gate::Pass pass) -> Task<void> {
      std::array<std::uint8_t, 512> in{};
      const auto read = co_await from.read(on, in, at);
      if (read && *read == in.size() && std::equal(in.begin(), in.end(), all.begin() + static_cast<long>(at))) ++count;
    };
    // More than the ring has entries.
    for (std::size_t i = 0; i < 2000; ++i) spawn(read_one(shard, file, bytes, i * 512, right, gate.enter()));
    co_await gate.close();
    EXPECT_EQ(right, 2000U);
  }(shard()));
}

// Of an empty file, and so that the ring does it itself.
Task<void> read_in_ring(Shard& shard, int descriptor, int& count) {
  std::array<std::uint8_t, 16> in{};
  iovec vector = io_vector(MutableBytes(in));
  Operation operation;
  operation.kind = Operation::Kind::read;
  operation.descriptor = descriptor;
  operation.vectors = &vector;
  operation.vector_count = 1;
  operation.nowait = true;
  const auto read = co_await IoAwaitable(shard.backend(), operation);
  if (read && *read == 0) ++count;
}

TEST_P(BackendTest, WhatIsStartedBeforeTheLoopRunsIsKept) {
  static constexpr int reads = 3000;  // more than the ring has entries
  const TemporaryFile temporary("/tmp");
  const int file = ::open(temporary.path().c_str(), O_RDWR);
  int ended = 0;
  for (int i = 0; i < reads; ++i) spawn(read_in_ring(shard(), file, ended));
  EXPECT_EQ(ended, 0);
  run([](Shard& shard, int& count) -> Task<void> {
    for (int look = 0; look < 5000 && count < reads; ++look) co_await shard.sleep(1ms);
    EXPECT_EQ(count, reads);
  }(shard(), ended));
  ::close(file);
}

TEST_P(BackendTest, WhatWaitsForRoomInTheRingCanBeCancelled) {
  std::array<int, 2> pair{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  Socket left(shard(), pair[0]);
  const Socket right(shard(), pair[1]);
  const TemporaryFile temporary("/tmp");
  const int file = ::open(temporary.path().c_str(), O_RDWR);
  int reads = 0;
  for (int i = 0; i < 1000; ++i) spawn(read_in_ring(shard(), file, reads));
  bool ended = false;
  spawn(receive_once(left, ended));
  shard().backend().cancel_descriptor(pair[0]);
  run([](Shard& shard, const bool& done, const int& count) -> Task<void> {
    co_await eventually(shard, done);
    for (int look = 0; look < 5000 && count < 1000; ++look) co_await shard.sleep(1ms);
    EXPECT_EQ(count, 1000);
  }(shard(), ended, reads));
  ::close(file);
}

TEST_P(BackendTest, ACancelIsNotLostWhenTheRingIsFull) {
  std::array<int, 2> pair{-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  Socket left(shard(), pair[0]);
  const Socket right(shard(), pair[1]);
  const TemporaryFile temporary("/tmp");
  const int file = ::open(temporary.path().c_str(), O_RDWR);
  int reads = 0;
  bool ended = false;
  spawn(receive_once(left, ended));
  for (int i = 0; i < 1000; ++i) spawn(read_in_ring(shard(), file, reads));
  shard().backend().cancel_descriptor(pair[0]);
  run([](Shard& shard, const bool& done, const int& count) -> Task<void> {
    co_await eventually(shard, done);
    for (int look = 0; look < 5000 && count < 1000; ++look) co_await shard.sleep(1ms);
    EXPECT_EQ(count, 1000);
  }(shard(), ended, reads));
  ::close(file);
}

TEST_P(BackendTest, SignalsAreTakenOnTheShard) {
  run([](Shard& shard) -> Task<void> {
    auto source = SignalSource::open(shard);
    EXPECT_TRUE(source.has_value());
    ::pthread_kill(::pthread_self(), SIGHUP);
    const auto first = co_await source->next();
    EXPECT_TRUE(first && *first == SignalSource::Signal::hang_up);
    bool ended = false;
    const auto wait = [](SignalSource& from, bool& done) -> Task<void> {
      const auto signal = co_await from.next();
      EXPECT_TRUE(!signal && signal.error().kind() == IoError::Kind::cancelled);
      done = true;
    };
    spawn(wait(*source, ended));
    co_await shard.sleep(1ms);
    EXPECT_FALSE(ended);
    source->cancel();
    co_await eventually(shard, ended);
  }(shard()));
}

TEST_P(BackendTest, TheKernelsDeviceEventsArrive) {
  const int trigger = ::open("/sys/class/mem/null/uevent", O_WRONLY | O_CLOEXEC);
  if (trigger < 0) GTEST_SKIP() << "no right to ask for an event";
  auto events = UeventSocket::open(shard());
  ASSERT_TRUE(events.has_value());
  if (::write(trigger, "change", 6) != 6) GTEST_SKIP() << "no right to ask for an event";
  ::close(trigger);
  run([](Shard& shard, UeventSocket& from) -> Task<void> {
    for (bool found = false; !found;) {  // other devices may have something to say, too
      const auto event = co_await from.next();
      EXPECT_TRUE(event.has_value());
      if (!event) co_return;
      found = event->value("DEVPATH") == "/devices/virtual/mem/null";
    }
    bool ended = false;
    const auto wait = [](UeventSocket& socket, bool& done) -> Task<void> {
      auto event = co_await socket.next();
      while (event) event = co_await socket.next();
      EXPECT_EQ(event.error().kind(), IoError::Kind::cancelled);
      done = true;
    };
    spawn(wait(from, ended));
    co_await shard.sleep(1ms);
    from.cancel();
    co_await eventually(shard, ended);
  }(shard(), *events));
}

// So many that they are more than may be under way on one file, whatever the backend.
constexpr std::size_t crowd = 400;

Task<void> write_block(Shard& shard, File& file, Bytes block, std::size_t index, std::size_t& ended) {
  const auto written = co_await file.write(shard, block, index * block.size());
  EXPECT_EQ(written.value_or(0), block.size());
  ++ended;
}

TEST_P(BackendTest, MoreWritesOfOneFileThanMayBeginAtOnceAllEnd) {
  run([](Shard& shard) -> Task<void> {
    const TemporaryFile temporary("/tmp");
    File file = File::adopt(::open(temporary.path().c_str(), O_RDWR), {});
    const auto bytes = pattern(crowd * 512);
    std::size_t ended = 0;
    for (std::size_t i = 0; i < crowd; ++i) {
      spawn(write_block(shard, file, Bytes(bytes).subspan(i * 512, 512), i, ended));
    }
    while (ended < crowd) co_await shard.sleep(1ms);
    std::vector<std::uint8_t> read(bytes.size());
    const auto got = co_await file.read(shard, read, 0);
    EXPECT_EQ(got.value_or(0), bytes.size());
    EXPECT_EQ(read, bytes);
  }(shard()));
}

TEST_P(BackendTest, AWaitForADeviceEndsWhenItIsReadableOrCancelled) {
  std::array<int, 2> pipe{-1, -1};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  run([](Shard& shard, std::array<int, 2> ends) -> Task<void> {
    Operation operation;
    operation.kind = Operation::Kind::poll_readable;
    operation.descriptor = ends[0];
    std::optional<Result<std::size_t, IoError>> result;
    bool ended = false;
    const auto wait = [&ended](Shard& on, Operation what,
                               std::optional<Result<std::size_t, IoError>>& into) -> Task<void> {
      ended = false;
      into = co_await IoAwaitable(on.backend(), what);
      ended = true;
    };
    spawn(wait(shard, operation, result));
    co_await shard.sleep(5ms);
    EXPECT_FALSE(result.has_value());
    shard.backend().cancel_descriptor(ends[0]);
    co_await eventually(shard, ended);
    EXPECT_TRUE(result && !*result && result->error().kind() == IoError::Kind::cancelled);
    result.reset();
    spawn(wait(shard, operation, result));
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    co_await eventually(shard, ended);
    EXPECT_TRUE(result && result->has_value());
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    result.reset();
    spawn(wait(shard, operation, result));
    co_await shard.sleep(5ms);
    ::close(ends[1]);
    co_await eventually(shard, ended);
    EXPECT_TRUE(result && !*result && result->error().kind() == IoError::Kind::no_device);
    shard.backend().close(ends[0]);
  }(shard(), pipe));
}

TEST_P(BackendTest, ADeviceNodeIsOpenedAndAnythingElseRefused) {
  auto null = DeviceFile::open(shard(), "/dev/null", DeviceFile::Access::read_write);
  ASSERT_TRUE(null.has_value());
  const auto bytes = pattern(10);
  EXPECT_EQ(null->write(bytes).value_or(0), 10U);
  const auto strange = null->ioctl(0x1234, nullptr);
  EXPECT_TRUE(!strange && strange.error().kind() == IoError::Kind::not_supported);
  const auto file = DeviceFile::open(shard(), "/etc/passwd", DeviceFile::Access::read_only);
  EXPECT_TRUE(!file && file.error().kind() == IoError::Kind::not_supported);
}

TEST_P(BackendTest, WorkThatSleepsIsDoneElsewhere) {
  run([](Shard& shard) -> Task<void> {
    const auto here = std::this_thread::get_id();
    const auto there = co_await shard.blocking().run(shard, [] { return std::this_thread::get_id(); });
    EXPECT_NE(there, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
  }(shard()));
}

TEST_P(BackendTest, TimersAreNeverEarly) {
  run([](Shard& shard) -> Task<void> {
    for (const Duration wanted : {Duration(1ms), Duration(3ms), Duration(20ms)}) {
      const auto before = std::chrono::steady_clock::now();
      co_await shard.sleep(wanted);
      EXPECT_GE(std::chrono::steady_clock::now() - before, wanted);
    }
  }(shard()));
}

// Workers that the kernel keeps for the rings of the calling thread.
std::size_t ring_workers() {
  const std::string name = "iou-wrk-" + std::to_string(::gettid());
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::ifstream(task.path() / "comm") >> comm;
    count += comm == name ? 1 : 0;
  }
  return count;
}

// They would do those of files whose hashes are alike one after another: one that hangs would hold up the others.
TEST(UringBackendTest, NoWriteOfAFileIsLeftToTheRingsWorkers) {
  bool refused = false;
  std::thread([&refused] {
    BlockingPool pool(1);
    auto backend = UringBackend::create(pool);
    refused = !backend;
    if (refused) return;
    TestLoop loop(std::move(*backend), pool);
    const TemporaryFile temporary("/tmp");
    File file = File::adopt(::open(temporary.path().c_str(), O_RDWR), {});
    const auto block = pattern(4096);
    std::size_t ended = 0;
    EXPECT_TRUE(loop.run(write_block(loop.shard(), file, block, 0, ended)));
    EXPECT_EQ(ended, 1U);
    EXPECT_EQ(ring_workers(), 0U);
  }).join();
  if (refused) GTEST_SKIP() << "this kernel refuses it";
}

INSTANTIATE_TEST_SUITE_P(Backends, BackendTest, testing::Values(Choice::io_uring, Choice::epoll),
                         [](const auto& choice) { return choice.param == Choice::io_uring ? "io_uring" : "epoll"; });

}  // namespace
}  // namespace tgt
