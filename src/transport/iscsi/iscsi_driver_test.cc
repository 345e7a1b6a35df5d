// SPDX-License-Identifier: Apache-2.0
// The driver with real sockets, on the loopback interface.
#include "transport/iscsi/iscsi_driver.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "reactor/reactor.h"
#include "reactor/socket.h"
#include "transport/iscsi/pdu.h"
#include "transport/iscsi/text.h"

namespace tgt {
namespace {

class Driver : public testing::Test, public IscsiAuthentication {
 public:
  Driver() {
    for (unsigned i = 0; i < reactor_.shard_count(); ++i) shards_.push_back(&reactor_.shard(i));
    target_ = std::make_shared<Target>(1, "iqn.t", "iscsi", shards_);
    target_->access().add_address("ALL");
    targets_.add(target_);
  }
  ~Driver() override = default;
  bool required(const Target*) const override { return false; }

  void open(std::size_t most_connections, Duration login_time) {
    driver_.emplace(IscsiDriver::Options{.most_connections = most_connections, .login_time = login_time},
                    IscsiDriver::Dependencies{.shards = shards_,
                                              .targets = targets_,
                                              .task_manager = task_manager_,
                                              .parameters = parameters_,
                                              .authentication = *this,
                                              .log = Log::silent()});
    ASSERT_TRUE(driver_->add_portal(*Endpoint::parse("127.0.0.1:0", 0)));
    portal_ = driver_->portals().front().at;
  }
  // Runs a test's body on the home shard, stops the driver, and ends.
  void run(Task<void> body) {
    spawn(watched(std::move(body)));
    reactor_.run();
  }
  Task<Socket> connect() {
    auto socket = co_await Socket::connect(home(), portal_);
    EXPECT_TRUE(socket.has_value());
    co_return socket ? std::move(*socket) : Socket();
  }
  Shard& home() { return *shards_.front(); }

  static Task<bool> log_in(Socket& socket, std::uint8_t port) {
    std::string text;
    append_pair(text, "InitiatorName", "iqn.i");
    append_pair(text, "TargetName", "iqn.t");
    iscsi::LoginRequestHeader header;
    header.flags = 0x87;
    header.isid[5] = port;
    header.data_segment_length = static_cast<std::uint32_t>(text.size());
    text.resize((text.size() + 3) / 4 * 4);
    std::array vectors{io_vector(bytes_of(header)),
                       io_vector(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()))};
    const auto sent = co_await socket.send_all(vectors);
    std::array<std::uint8_t, 512> answer{};
    const auto received = co_await socket.receive(answer);
    if (!sent || !received || *received < iscsi::header_length) co_return false;
    co_return read_wire<iscsi::LoginResponseHeader>(answer)->status == 0;
  }
  static Task<bool> is_closed(Socket& socket) {
    std::array<std::uint8_t, 512> bytes{};
    for (;;) {
      const auto received = co_await socket.receive(bytes);
      if (!received || *received == 0) co_return true;
    }
  }
  // Until so many connections are left, on all shards.
  Task<void> settle(std::size_t count) {
    for (unsigned i = 0; i < 400 && driver_->connection_count() != count; ++i) co_await home().sleep(5ms);
    co_await home().sleep(50ms);
  }

  Reactor reactor_{Reactor::Options{.shards = 2, .backend = Reactor::BackendChoice::epoll}, Log::silent()};
  std::vector<Shard*> shards_;
  TargetRegistry targets_;
  TaskManager task_manager_{TaskManager::Limits{}};
  IscsiTargetParametersStore parameters_;
  std::shared_ptr<Target> target_;
  std::optional<IscsiDriver> driver_;
  Endpoint portal_;

 private:
  Task<void> watched(Task<void> body) {
    co_await std::move(body);
    co_await driver_->stop();
    EXPECT_EQ(driver_->connection_count(), 0U);
    EXPECT_TRUE(target_->nexuses().empty());
    reactor_.stop();
  }
};

TEST(DriverLimits, ConnectionsLeaveDescriptorsToTheOthers) {
  EXPECT_EQ(IscsiDriver::connections_within(16384), 16384U - 512);
  EXPECT_EQ(IscsiDriver::connections_within(1024), 512U);
  EXPECT_EQ(IscsiDriver::connections_within(100), 50U);
}

TEST_F(Driver, APortalInUseIsAnError) {
  open(100, 15s);
  const auto again = driver_->add_portal(portal_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind(), IoError::Kind::address_in_use);
  EXPECT_EQ(driver_->portals().size(), 1U);
  run([]() -> Task<void> { co_return; }());
}

TEST_F(Driver, APortalThatIsRemovedListensNoMoreAndSessionsStay) {
  open(100, 15s);
  run([](Driver& test) -> Task<void> {
    Socket socket = co_await test.connect();
    EXPECT_TRUE(co_await log_in(socket, 1));
    EXPECT_TRUE(co_await test.driver_->remove_portal(test.portal_));
    EXPECT_FALSE(co_await test.driver_->remove_portal(test.portal_));
    const auto refused = co_await Socket::connect(test.home(), test.portal_);
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(test.target_->nexuses().size(), 1U);
  }(*this));
}

TEST_F(Driver, SessionsAreSpreadOverTheShardsAndEndWithTheDriver) {
  open(100, 15s);
  std::vector<Socket> sockets;
  run([](Driver& test, std::vector<Socket>& held) -> Task<void> {
    for (std::uint8_t port = 1; port <= 8; ++port) {
      held.push_back(co_await test.connect());
      EXPECT_TRUE(co_await log_in(held.back(), port));
    }
    EXPECT_EQ(test.driver_->connection_count(), 8U);
    EXPECT_EQ(test.target_->nexuses().size(), 8U);
    co_await test.driver_->stop();
    for (Socket& socket : held) EXPECT_TRUE(co_await is_closed(socket));
    held.clear();
  }(*this, sockets));
}

TEST_F(Driver, AConnectionThatSaysNothingIsClosed) {
  open(100, 50ms);
  run([](Driver& test) -> Task<void> {
    Socket socket = co_await test.connect();
    EXPECT_TRUE(co_await is_closed(socket));
  }(*this));
}

TEST_F(Driver, WhenThereAreTooManyTheSilentMakeRoom) {
  open(4, 15s);
  std::vector<Socket> silent;
  run([](Driver& test, std::vector<Socket>& held) -> Task<void> {
    for (unsigned i = 0; i < 4; ++i) held.push_back(co_await test.connect());
    for (std::uint8_t port = 1; port <= 3; ++port) {
      Socket socket = co_await test.connect();
      EXPECT_TRUE(co_await log_in(socket, port)) << unsigned{port};
      held.push_back(std::move(socket));
      co_await test.settle(4);
    }
    EXPECT_EQ(test.target_->nexuses().size(), 3U);
    held.clear();
  }(*this, silent));
}

}  // namespace
}  // namespace tgt
