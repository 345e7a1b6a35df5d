// SPDX-License-Identifier: Apache-2.0
// What a kernel or a container's policy without io_uring does to us. Each policy is put on a child process.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "reactor/file.h"
#include "reactor/reactor.h"
#include "reactor/socket.h"

namespace tgt {
namespace {

// Lets io_uring_setup fail with this errno from here on.
bool refuse_io_uring(unsigned number) {
  const std::array<sock_filter, 4> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | number),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  sock_fprog program{.len = filter.size(), .filter = const_cast<sock_filter*>(filter.data())};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
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

// 0 when the program, under this policy, chose epoll and served.
int status_under_policy(unsigned number) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!refuse_io_uring(number)) ::_exit(77);
    Reactor reactor(Reactor::Options{.shards = 2}, Log::silent());
    if (std::strcmp(reactor.backend_name(), "epoll") != 0) ::_exit(1);
    bool served = false;
    spawn(serve_once(reactor, served));
    reactor.run();
    ::_exit(served ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class RefusedRing : public testing::TestWithParam<unsigned> {};

TEST_P(RefusedRing, TheProgramServesOverEpoll) {
  const int status = status_under_policy(GetParam());
  if (status == 77) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(Errors, RefusedRing, testing::Values(ENOSYS, EPERM, EACCES, ENOMEM));

}  // namespace
}  // namespace tgt
