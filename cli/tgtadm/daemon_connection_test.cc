// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/daemon_connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "control/protocol.h"

namespace tgt {
namespace {

using Wire = std::vector<std::uint8_t>;

// A daemon that reads one request and answers with the same bytes whatever it was.
class CannedDaemon {
 public:
  explicit CannedDaemon(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
  }
  ~CannedDaemon() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }

  void answer_once(const Wire& reply) {
    thread_ = std::thread([this, reply] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      request_.resize(1024);
      const ssize_t received = ::recv(connection, request_.data(), request_.size(), 0);
      request_.resize(received > 0 ? static_cast<std::size_t>(received) : 0);
      const ssize_t sent = ::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL);
      EXPECT_EQ(sent, static_cast<ssize_t>(reply.size()));
      ::close(connection);
    });
  }

  const Wire& request() {
    thread_.join();
    return request_;
  }

 private:
  int listener_;
  std::thread thread_;
  Wire request_;
};

class DaemonConnectionTest : public testing::Test {
 protected:
  ~DaemonConnectionTest() override { std::filesystem::remove(path); }

  std::string path =
      (std::filesystem::temp_directory_path() / ("tgtadm_daemon_connection_" + std::to_string(::getpid()))).string();
};

TEST_F(DaemonConnectionTest, SendsTheRequestAndReturnsTheReply) {
  CannedDaemon daemon(path);
  daemon.answer_once(encode_reply(ManagementErrorCode::success, "Target 1: iqn.a\n"));
  const ManagementRequest request{.mode = ManagementMode::target, .text = "a=b"};
  const auto reply = ask_daemon(path, request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, ManagementErrorCode::success);
  EXPECT_EQ(reply->text, "Target 1: iqn.a\n");
  EXPECT_EQ(daemon.request(), encode_request(request));
}

TEST_F(DaemonConnectionTest, ReturnsRefusalsWithTheirDetail) {
  CannedDaemon daemon(path);
  daemon.answer_once(encode_reply(ManagementErrorCode::no_target, "there is no target 9"));
  const auto reply = ask_daemon(path, {});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, ManagementErrorCode::no_target);
  EXPECT_EQ(reply->text, "there is no target 9");
}

TEST_F(DaemonConnectionTest, PrintsNothingBehindANul) {
  CannedDaemon daemon(path);
  daemon.answer_once(encode_reply(ManagementErrorCode::success, std::string_view("text\n\0", 6)));
  EXPECT_EQ(ask_daemon(path, {})->text, "text\n");
}

TEST_F(DaemonConnectionTest, FailsAsNotConnectedWithoutADaemon) {
  const auto reply = ask_daemon(path, {});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().error_number, ENOTCONN);
  EXPECT_EQ(reply.error().text, "failed to send request hdr to tgt daemon, Transport endpoint is not connected");
  EXPECT_EQ(ask_daemon(std::string(200, 'x'), {}).error().error_number, ENOTCONN);
}

TEST_F(DaemonConnectionTest, TakesNoAnswerForNoSuccess) {
  for (const Wire& cut : {Wire{}, Wire{0, 0, 0, 0}, Wire{0, 0, 0, 0, 7, 0, 0, 0}, Wire{0, 0, 0, 0, 12, 0, 0, 0, 'a'}}) {
    std::filesystem::remove(path);
    CannedDaemon daemon(path);
    daemon.answer_once(cut);
    const auto reply = ask_daemon(path, {});
    ASSERT_FALSE(reply) << cut.size();
    EXPECT_EQ(reply.error().error_number, ECONNRESET) << cut.size();
  }
}

TEST_F(DaemonConnectionTest, KnowsWhenTheDaemonHasGone) {
  EXPECT_TRUE(wait_until_gone(path, std::chrono::milliseconds(300)));
  const CannedDaemon daemon(path);
  EXPECT_FALSE(wait_until_gone(path, std::chrono::milliseconds(50)));
}

TEST_F(DaemonConnectionTest, FindsTheSocketByPortAndEnvironment) {
  ::unsetenv("TGT_IPC_SOCKET");
  EXPECT_EQ(daemon_socket_path(3), "/var/run/tgtd/socket.3");
  ::setenv("TGT_IPC_SOCKET", "/tmp/mine", 1);
  EXPECT_EQ(daemon_socket_path(0), "/tmp/mine.0");
  ::unsetenv("TGT_IPC_SOCKET");
}

}  // namespace
}  // namespace tgt
