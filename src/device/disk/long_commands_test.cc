// SPDX-License-Identifier: Apache-2.0
// Commands over long ranges of a store that never makes anybody wait: others of the shard have their turn all the same,
// and an abort ends them.
#include "core/task_manager.h"
#include "device/disk/disk_fixture.h"

namespace tgt {
namespace {

using List = std::vector<std::uint8_t>;

// 16 MiB in blocks of 512 bytes, all but the last block.
List of_16_mebibytes(std::uint8_t operation_code, std::uint8_t flags) {
  return {operation_code, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0};
}

struct LongCommand {
  const char* name;
  List cdb;
  List data{};
  unsigned block_exponent = 9;
};

class LongCommandTest : public DiskFixture, public testing::WithParamInterface<LongCommand> {
 protected:
  void SetUp() override {
    make({.capacity = std::uint64_t{0x8000} << GetParam().block_exponent},
         {.block_size = {static_cast<std::uint8_t>(GetParam().block_exponent)}, .thin_provisioning = true});
    running_ = bench().start(Lun{0}, GetParam().cdb, GetParam().data);
  }
  std::optional<TaskManagementResponse> abort_it() {
    std::optional<TaskManagementResponse> response;
    bench().reactor().run(perform(response));
    return response;
  }

  std::shared_ptr<DeviceBench::Answer> running_;

 private:
  Task<void> perform(std::optional<TaskManagementResponse>& response) {
    TaskManager manager(TaskManager::Limits{});
    response = co_await manager.perform(bench().nexus(), {.function = TaskManagementFunction::abort_task,
                                                          .lun = Lun{0}.to_wire(),
                                                          .referenced_tag = bench().latest_tag()});
  }
};

TEST_P(LongCommandTest, LetsOthersHaveTheirTurn) {
  EXPECT_EQ(send({0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_FALSE(running_->answered);
  bench().reactor().run_until([this] { return running_->answered; });
  EXPECT_EQ(running_->status, Status::good);
}

TEST_P(LongCommandTest, IsEndedByAnAbort) {
  const std::uint64_t began = bench().reactor().shard().turns();
  EXPECT_EQ(abort_it(), TaskManagementResponse::function_complete);
  EXPECT_LT(bench().reactor().shard().turns() - began, 10u);
  bench().reactor().settle();
  EXPECT_FALSE(running_->answered);
}

INSTANTIATE_TEST_SUITE_P(Disk, LongCommandTest,
                         testing::Values(LongCommand{"Verify", of_16_mebibytes(0x8f, 0)},
                                         LongCommand{"VerifyAgainstOneBlock", of_16_mebibytes(0x8f, 6), List(512)},
                                         LongCommand{"WriteSame", of_16_mebibytes(0x93, 0), List(512, 7)},
                                         LongCommand{"WriteSameThatUnmaps", of_16_mebibytes(0x93, 8), List(65536), 16}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tgt
