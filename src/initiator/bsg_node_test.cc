// SPDX-License-Identifier: Apache-2.0
#include "initiator/bsg_node.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <optional>

#include "reactor/epoll_backend.h"
#include "reactor/test_loop.h"

namespace tgt {
namespace {

std::uint64_t address(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

class BsgNodeTest : public testing::Test {
 protected:
  BsgNodeTest() {
    header_.cdb = cdb_.data();
    header_.cdb_length = 10;
    header_.sense = sense_.data();
    header_.longest_sense = 252;
    header_.timeout_milliseconds = 1234;
    header_.pack_id = 7;
  }
  void carry(std::int32_t direction) {
    header_.transfer_direction = direction;
    header_.data = data_.data();
    header_.transfer_length = 512;
  }

  std::array<std::uint8_t, 32> cdb_{};
  std::array<std::uint8_t, 252> sense_{};
  std::array<std::uint8_t, 512> data_{};
  sg::Header header_;
};

TEST_F(BsgNodeTest, ACommandWithoutDataHasItsCdbItsSenseBufferAndItsTime) {
  const bsg::Request request = BsgNode::request_of(header_);
  EXPECT_EQ(request.cdb, address(cdb_.data()));
  EXPECT_EQ(request.cdb_length, 10u);
  EXPECT_EQ(request.sense, address(sense_.data()));
  EXPECT_EQ(request.longest_sense, 252u);
  EXPECT_EQ(request.timeout_milliseconds, 1234u);
  EXPECT_EQ(request.protocol, 0u);
  EXPECT_EQ(request.subprotocol, 0u);
  EXPECT_EQ(request.data_in_length + request.data_out_length, 0u);
  EXPECT_EQ(request.data_in | request.data_out, 0u);
}

TEST_F(BsgNodeTest, DataGoInOneDirectionOnly) {
  carry(sg::to_device);
  bsg::Request request = BsgNode::request_of(header_);
  EXPECT_EQ(request.data_out, address(data_.data()));
  EXPECT_EQ(request.data_out_length, 512u);
  EXPECT_EQ(request.data_in_length, 0u);
  for (const std::int32_t direction : {sg::from_device, sg::to_from_device}) {
    carry(direction);
    request = BsgNode::request_of(header_);
    EXPECT_EQ(request.data_in, address(data_.data()));
    EXPECT_EQ(request.data_in_length, 512u);
    EXPECT_EQ(request.data_out_length, 0u);
  }
}

TEST_F(BsgNodeTest, TheKernelsAnswerIsTakenApart) {
  const auto finished = BsgNode::finished(header_, {.context = &header_, .error = 0, .extra = 0x00000064'12'07'08'02});
  EXPECT_EQ(finished.error_number, 0);
  EXPECT_EQ(finished.header.pack_id, 7);
  EXPECT_EQ(finished.header.status, 0x02);
  EXPECT_EQ(finished.header.driver_status, 0x08);
  EXPECT_EQ(finished.header.host_status, 0x07);
  EXPECT_EQ(finished.header.sense_length, 0x12);
  EXPECT_EQ(finished.header.residual, 100);
}

TEST_F(BsgNodeTest, AnOverrunIsANegativeResidual) {
  const auto finished = BsgNode::finished(header_, {.context = &header_, .error = 0, .extra = 0xffffff9c'00'00'00'00});
  EXPECT_EQ(finished.header.residual, -100);
}

TEST_F(BsgNodeTest, AnErrorOfTheDriverIsNoEndOfACommand) {
  const auto finished = BsgNode::finished(header_, {.context = &header_, .error = EINVAL, .extra = 0});
  EXPECT_EQ(finished.error_number, EINVAL);
  EXPECT_EQ(finished.header.pack_id, 7);
}

Task<void> open_it(Shard& shard, std::string path, std::optional<IoError>& error) {
  auto node = co_await BsgNode::open(shard, path, 4);
  if (!node) error = node.error();
}

TEST_F(BsgNodeTest, ANodeWhoseDriverTakesNoSuchCommandsIsNotOpened) {
  BlockingPool pool{1};
  TestLoop loop{std::move(*EpollBackend::create(pool)), pool};
  std::optional<IoError> error;
  EXPECT_TRUE(loop.run(open_it(loop.shard(), "/dev/zero", error)));
  // Without io_uring on this machine it is refused even earlier, for another reason.
  ASSERT_TRUE(error);
  if (DeviceRing::create(loop.shard(), 4)) EXPECT_EQ(error->kind(), IoError::Kind::not_supported);
  error.reset();
  EXPECT_TRUE(loop.run(open_it(loop.shard(), "/dev/no-such-node", error)));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), IoError::Kind::not_found);
  EXPECT_TRUE(pool.end(5s));
}

}  // namespace
}  // namespace tgt
