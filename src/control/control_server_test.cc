// SPDX-License-Identifier: Apache-2.0
#include "control/control_server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "control/fake_management_service.h"
#include "reactor/epoll_backend.h"
#include "reactor/test_loop.h"
#include "reactor/uring_backend.h"

namespace tgt {
namespace {

using Wire = std::vector<std::uint8_t>;

struct Reply {
  std::uint32_t error = 0;
  std::string text{};

  bool operator==(const Reply&) const = default;
};

enum class Choice : std::uint8_t { epoll, io_uring };

std::unique_ptr<Backend> make_backend(Choice choice, BlockingPool& pool) {
  if (choice == Choice::io_uring) {
    auto backend = UringBackend::create(pool);
    return backend ? std::move(*backend) : nullptr;
  }
  auto backend = EpollBackend::create(pool);
  return backend ? std::move(*backend) : nullptr;
}

class ControlServerTest : public testing::TestWithParam<Choice> {
 public:
  ControlServerTest() {
    options_.socket_path = (folder_ / "run" / "socket.0").string();
    options_.own_user = ::geteuid();
    options_.request_time = 20s;
  }
  void SetUp() override {
    auto backend = make_backend(GetParam(), pool_);
    if (backend == nullptr) GTEST_SKIP() << "this kernel refuses it";
    loop_ = std::make_unique<TestLoop>(std::move(backend), pool_);
  }
  ~ControlServerTest() override { std::filesystem::remove_all(folder_); }

  void run(Task<void> task) { ASSERT_TRUE(loop_->run(std::move(task))) << "the task did not end"; }

  void open() {
    server_ = std::make_unique<ControlServer>(loop_->shard(), options_, service_, Log::silent());
    const auto opened = server_->open();
    ASSERT_TRUE(opened) << opened.error();
  }
  void close() { close(*server_); }
  void close(ControlServer& server) {
    run([](ControlServer& closed) -> Task<void> { EXPECT_TRUE(co_await closed.close(1min)); }(server));
  }

  Task<Socket> connect() {
    auto socket = co_await Socket::connect_unix(loop_->shard(), options_.socket_path);
    EXPECT_TRUE(socket) << socket.error().text();
    if (!socket) co_return Socket();
    co_return std::move(*socket);
  }

  static Task<void> send(Socket& socket, const Wire& bytes) {
    std::array<IoVector, 1> vectors{io_vector(Bytes(bytes))};
    const auto sent = co_await socket.send_all(vectors);
    EXPECT_TRUE(sent);
  }

  // Everything until the server closes the connection.
  static Task<Wire> receive_to_end(Socket& socket) {
    Wire all;
    for (;;) {
      std::array<std::uint8_t, 4096> part{};
      const auto received = co_await socket.receive(MutableBytes(part));
      if (!received || *received == 0) co_return all;
      all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*received));
    }
  }

  static Reply parse(const Wire& bytes) {
    const auto header = decode_reply_header(bytes);
    if (!header) return {.error = 0xffffffff, .text = "no reply"};
    EXPECT_EQ(bytes.size(), header->length);
    return {header->error, std::string(bytes.begin() + sizeof(ReplyHeader), bytes.end())};
  }

  Task<void> exchange(Wire request, Reply& reply) {
    auto socket = co_await connect();
    co_await send(socket, request);
    const Wire answer = co_await receive_to_end(socket);
    reply = parse(answer);
  }

  Reply ask(const Wire& request) {
    Reply reply;
    run(exchange(request, reply));
    return reply;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("tgt_control_server_" + std::to_string(::getpid()));
  BlockingPool pool_{2};
  std::unique_ptr<TestLoop> loop_;
  ControlServer::Options options_;
  FakeManagementService service_;
  std::unique_ptr<ControlServer> server_;
};

Wire show_targets_request() {
  return encode_request({.mode = ManagementMode::target, .operation = ManagementOperation::show});
}

TEST_P(ControlServerTest, AnswersARequestWithTheTextOfTheService) {
  open();
  service_.answer = "Target 1: iqn.a\n";
  EXPECT_EQ(ask(show_targets_request()), (Reply{0, "Target 1: iqn.a\n"}));
  EXPECT_EQ(service_.calls, std::vector<std::string>{"show_targets"});
  close();
}

TEST_P(ControlServerTest, AnswersARefusalWithItsCodeAndDetail) {
  open();
  service_.answer = failure(ManagementError{ManagementErrorCode::no_target, "there is no target 9"});
  EXPECT_EQ(ask(show_targets_request()), (Reply{4, "there is no target 9"}));
  close();
}

TEST_P(ControlServerTest, SendsLongTexts) {
  open();
  service_.answer = std::string(3'000'000, 'x');
  EXPECT_EQ(ask(show_targets_request()), (Reply{0, std::string(3'000'000, 'x')}));
  close();
}

TEST_P(ControlServerTest, AnswersRequestsThatCannotBeWithInvalidRequest) {
  open();
  Wire too_short = show_targets_request();
  too_short[72] = 119;
  EXPECT_EQ(ask(too_short).error, 17u);
  Wire too_long = show_targets_request();
  too_long[75] = 0x7f;
  EXPECT_EQ(ask(too_long).error, 17u);
  Wire unknown_mode = show_targets_request();
  unknown_mode[0] = 99;
  EXPECT_EQ(ask(unknown_mode).error, 17u);
  EXPECT_EQ(service_.calls, std::vector<std::string>{});
  close();
}

TEST_P(ControlServerTest, HangsUpOnAClientThatSaysNothingOrTooLittleInItsTime) {
  options_.request_time = 100ms;
  open();
  for (const std::size_t length : {0u, 1u, 119u, 121u}) {
    Wire request = encode_request({.mode = ManagementMode::account, .text = "user=u"});
    request.resize(length);
    EXPECT_EQ(ask(request).text, "no reply") << length;
  }
  EXPECT_EQ(service_.calls, std::vector<std::string>{});
  close();
}

TEST_P(ControlServerTest, TakesARequestInPieces) {
  open();
  Reply reply;
  run([](ControlServerTest& test, Reply& into) -> Task<void> {
    auto socket = co_await test.connect();
    for (const std::uint8_t byte : encode_request({.mode = ManagementMode::target, .text = "a=b"})) {
      const Wire piece{byte};
      co_await send(socket, piece);
    }
    const Wire answer = co_await receive_to_end(socket);
    into = parse(answer);
  }(*this, reply));
  EXPECT_EQ(reply.error, 0u);
  close();
}

TEST_P(ControlServerTest, ServesOthersWhileSilentClientsFillTheirPlaces) {
  options_.request_time = 100ms;
  options_.most_connections = 2;
  open();
  std::vector<Socket> silent;
  run([](ControlServerTest& test, std::vector<Socket>& into) -> Task<void> {
    for (int i = 0; i < 5; ++i) into.push_back(co_await test.connect());
  }(*this, silent));
  EXPECT_EQ(ask(show_targets_request()).error, 0u);
  close();
}

TEST_P(ControlServerTest, RequestsThatWaitForADeviceTakeNobodysPlace) {
  Event answered;
  options_.most_connections = 2;
  open();
  service_.waits_for = &answered;
  std::vector<Socket> waiting;
  run([](ControlServerTest& test, std::vector<Socket>& into) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      into.push_back(co_await test.connect());
      co_await send(into.back(), show_targets_request());
    }
    while (test.service_.calls.size() < into.size()) co_await test.loop_->shard().sleep(1ms);
  }(*this, waiting));
  service_.waits_for = nullptr;
  EXPECT_EQ(ask(show_targets_request()).error, 0u);
  answered.set();
  close();
}

TEST_P(ControlServerTest, AllowsNobodyButItsUserToConnect) {
  open();
  struct stat status{};
  ASSERT_EQ(::stat(options_.socket_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  EXPECT_TRUE(may_manage({.user = 0, .group = 5}, 1000));
  EXPECT_TRUE(may_manage({.user = 1000, .group = 5}, 1000));
  EXPECT_FALSE(may_manage({.user = 1001, .group = 1000}, 1000));
  close();
}

TEST_P(ControlServerTest, SaysToOthersThatTheyMayNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  open();
  std::filesystem::permissions(folder_, std::filesystem::perms::all);
  std::filesystem::permissions(folder_ / "run", std::filesystem::perms::all);
  std::filesystem::permissions(options_.socket_path, std::filesystem::perms::all);
  ASSERT_EQ(::seteuid(65534), 0);
  const Reply reply = ask(show_targets_request());
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(reply, (Reply{17, "user 65534 may not manage this daemon"}));
  EXPECT_EQ(service_.calls, std::vector<std::string>{});
  close();
}

TEST_P(ControlServerTest, IsRefusedWhileAnotherUsesTheSocket) {
  open();
  ControlServer second(loop_->shard(), options_, service_, Log::silent());
  const auto opened = second.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "another tgtd is using " + options_.socket_path);
  close(second);
  EXPECT_EQ(ask(show_targets_request()).error, 0u) << "the first one still serves";
  close();
}

TEST_P(ControlServerTest, TakesOverASocketThatWasLeftBehind) {
  open();
  const auto kept = folder_ / "kept";
  std::filesystem::create_hard_link(options_.socket_path, kept);
  close();
  std::filesystem::rename(kept, options_.socket_path);
  open();
  EXPECT_EQ(ask(show_targets_request()).error, 0u);
  close();
}

TEST_P(ControlServerTest, IsGoneWhenItHasClosed) {
  open();
  close();
  EXPECT_FALSE(std::filesystem::exists(options_.socket_path));
  run([](ControlServerTest& test) -> Task<void> {
    const auto socket = co_await Socket::connect_unix(test.loop_->shard(), test.options_.socket_path);
    EXPECT_FALSE(socket);
  }(*this));
}

TEST_P(ControlServerTest, TakesConnectionsButNoRequestsWhileTheDaemonStops) {
  open();
  server_->refuse_requests();
  EXPECT_EQ(ask(show_targets_request()), (Reply{17, "the daemon is stopping"}));
  EXPECT_EQ(service_.calls, std::vector<std::string>{});
  close();
}

TEST_P(ControlServerTest, ClosesWhenItsSocketWasRemoved) {
  open();
  std::filesystem::remove(options_.socket_path);
  close();
}

TEST_P(ControlServerTest, ClosesWithoutWaitingForSilentClients) {
  options_.request_time = 1h;
  open();
  std::vector<Socket> silent;
  run([](ControlServerTest& test, std::vector<Socket>& into) -> Task<void> {
    for (int i = 0; i < 3; ++i) into.push_back(co_await test.connect());
  }(*this, silent));
  close();
}

TEST_P(ControlServerTest, SaysWhyItCannotListen) {
  options_.socket_path = "/proc/nothing/socket.0";
  ControlServer server(loop_->shard(), options_, service_, Log::silent());
  const auto opened = server.open();
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().starts_with("can't make the folder /proc/nothing: ")) << opened.error();
}

TEST_P(ControlServerTest, RemovesItsSocketAlsoFromAnotherFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directory(folder_);
  std::filesystem::current_path(folder_);
  options_.socket_path = "socket.0";
  open();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "socket.0"));
  std::filesystem::current_path("/");
  close();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "socket.0"));
  std::filesystem::current_path(before);
}

TEST_P(ControlServerTest, NobodyElsePutsAnythingIntoTheFolderThatItMakes) {
  const mode_t before = ::umask(0);
  open();
  ::umask(before);
  for (const auto& made : {folder_ / "run", folder_}) {
    struct stat status{};
    ASSERT_EQ(::stat(made.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0755u) << made;
  }
  close();
}

INSTANTIATE_TEST_SUITE_P(Backends, ControlServerTest, testing::Values(Choice::epoll, Choice::io_uring),
                         [](const auto& choice) { return choice.param == Choice::epoll ? "epoll" : "io_uring"; });

}  // namespace
}  // namespace tgt
