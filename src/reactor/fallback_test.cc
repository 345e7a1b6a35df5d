// SPDX-License-Identifier: Apache-2.0
// What a kernel or a container's policy that refuses a system call does to us. Each policy is put on a child process.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "reactor/epoll_backend.h"
#include "reactor/file.h"
#include "reactor/reactor.h"
#include "reactor/socket.h"
#include "reactor/test_loop.h"

namespace tgt {
namespace {

// A container's policy: these system calls do not happen from here on.
struct Policy {
  std::vector<unsigned> calls;
  unsigned action = SECCOMP_RET_ERRNO | EPERM;
};

bool put_on(const Policy& policy) {
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const unsigned call : policy.calls) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, policy.action));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

constexpr int no_policies_here = 77;

// What a child process under this policy ends with; -1 when it was killed.
template <class Function>
int status_under(const Policy& policy, Function function) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(put_on(policy) ? function() : no_policies_here);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Task<void> serve_once(Reactor& reactor, bool& served) {
  Shard& shard = reactor.shard(0);
  auto listener = Listener::listen(shard, *Endpoint::parse("127.0.0.1:0", 0));
  auto client = co_await Socket::connect(shard, listener->local_endpoint());
  auto server = co_await listener->accept();
  std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
  std::array vectors{io_vector(MutableBytes(bytes))};
  const auto sent = co_await client->send_all(vectors);
  const auto received = co_await server->receive(bytes);
  const auto file = co_await File::open(shard, "/proc/self/exe", {.writable = false});
  const auto read = co_await file->read(shard, bytes, 0);
  served = sent && received && *received == 4 && read && *read == 4 && std::memcmp(bytes.data(), "\177ELF", 4) == 0;
  reactor.stop();
}

// 0 when the program chose epoll and served.
int serve_over_epoll() {
  Reactor reactor(Reactor::Options{.shards = 2}, Log::silent());
  if (std::strcmp(reactor.backend_name(), "epoll") != 0) return 1;
  bool served = false;
  spawn(serve_once(reactor, served));
  reactor.run();
  return served ? 0 : 2;
}

void expect_served(int status) {
  if (status == no_policies_here) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(status, 0);
}

class RefusedRing : public testing::TestWithParam<unsigned> {};

TEST_P(RefusedRing, TheProgramServesOverEpoll) {
  expect_served(
      status_under({.calls = {__NR_io_uring_setup}, .action = SECCOMP_RET_ERRNO | GetParam()}, serve_over_epoll));
}

INSTANTIATE_TEST_SUITE_P(Errors, RefusedRing, testing::Values(ENOSYS, EPERM, EACCES, ENOMEM));

class UselessRing : public testing::TestWithParam<unsigned> {};

TEST_P(UselessRing, TheProgramServesOverEpoll) {
  expect_served(status_under({.calls = {GetParam()}}, serve_over_epoll));
}

INSTANTIATE_TEST_SUITE_P(Calls, UselessRing, testing::Values(__NR_io_uring_enter, __NR_io_uring_register));

Task<void> sleep_a_while(Reactor& reactor) {
  co_await reactor.shard(0).sleep(50ms);
  reactor.stop();
}

TEST(RefusedWait, AnIdleShardSleepsUntilItsTimerIsDue) {
  expect_served(status_under({.calls = {__NR_io_uring_setup, __NR_epoll_pwait2}}, [] {
    constexpr std::uint64_t few = 100;
    Reactor reactor(Reactor::Options{.shards = 1}, Log::silent());
    spawn(sleep_a_while(reactor));
    reactor.run();
    return reactor.shard(0).turns() < few ? 0 : 2;
  }));
}

// Runs a task that says whether all was well on a shard over epoll.
int run_over_epoll(Task<bool> (*task)(Shard&, std::string), std::string path) {
  BlockingPool pool(2);
  auto backend = EpollBackend::create(pool);
  if (!backend) return 1;
  TestLoop loop(std::move(*backend), pool);
  bool well = false;
  const bool ended = loop.run([](Task<bool> inner, bool& result) -> Task<void> { result = co_await std::move(inner); }(
                                                                     task(loop.shard(), std::move(path)), well));
  return ended && well && pool.end(5s) ? 0 : 2;
}

Task<bool> keeps_bytes(Shard& shard, std::string path) {
  const auto file = co_await File::open(shard, std::move(path), {});
  if (!file) co_return false;
  const std::array<std::uint8_t, 4> out{1, 2, 3, 4};
  std::array<std::uint8_t, 4> in{};
  const auto written = co_await file->write(shard, out, 0);
  const auto read = co_await file->read(shard, in, 0);
  co_return written && *written == out.size() && read&& in == out && file->facts_at_hand().has_value();
}

// A file that goes with its descriptor.
class ScratchFile {
 public:
  explicit ScratchFile(int descriptor) : descriptor_(descriptor) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int descriptor() const { return descriptor_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

TEST(RefusedTransfers, AFileInMemoryServesByThePlainCalls) {
  const ScratchFile file(::memfd_create("disk", MFD_CLOEXEC));
  ASSERT_GE(file.descriptor(), 0);
  expect_served(status_under({.calls = {__NR_preadv2, __NR_pwritev2, __NR_statx}},
                             [&] { return run_over_epoll(keeps_bytes, file.path()); }));
}

// RWF_NOWAIT or not, the kernel puts the writer of a frozen file system to sleep.
TEST(Freezing, AFileOnADiskIsNeverWrittenOnTheShardsOwnThread) {
  const ScratchFile file(::open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  struct statfs system{};
  if (file.descriptor() < 0 || ::fstatfs(file.descriptor(), &system) != 0 || system.f_type == TMPFS_MAGIC) {
    GTEST_SKIP() << "the tests do not run on a disk here";
  }
  expect_served(status_under({.calls = {__NR_pwritev2, __NR_pwrite64}, .action = SECCOMP_RET_KILL_PROCESS},
                             [&] { return run_over_epoll(keeps_bytes, file.path()); }));
}

// Some kernels (5.9, 5.10) give nothing at all for what is not cached; here a policy does.
TEST(Freezing, NothingReadOnTheSpotIsNotTakenForTheEndOfTheFile) {
  const ScratchFile file(::open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  ASSERT_EQ(::ftruncate(file.descriptor(), 1 << 20), 0);
  expect_served(status_under({.calls = {__NR_preadv2}, .action = SECCOMP_RET_ERRNO},
                             [&] { return run_over_epoll(keeps_bytes, file.path()); }));
}

}  // namespace
}  // namespace tgt
