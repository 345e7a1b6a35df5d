// SPDX-License-Identifier: Apache-2.0
#include "daemon/device_kinds.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace tgt {
namespace {

class DeviceKindsTest : public testing::Test {
 protected:
  DeviceKindsTest() {
    std::ofstream(path_).close();
    std::filesystem::resize_file(path_, 1 << 20);
  }
  ~DeviceKindsTest() override { std::filesystem::remove(path_); }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    spawn([](Task<T> wanted, std::optional<T>& to) -> Task<void> { to.emplace(co_await std::move(wanted)); }(
                                                       std::move(task), result));
    while (!result) reactor_.shard(0).turn(std::nullopt);
    return std::move(*result);
  }
  DeviceRequest request(std::optional<std::string> path) {
    return {.tid = 1,
            .target_name = "iqn.2026-01.example:t",
            .lun = Lun{1},
            .store_type = "rdwr",
            .path = std::move(path),
            .obstacle_to_medium = [this](std::string identity) -> Task<std::optional<std::string>> {
              asked_.push_back(std::move(identity));
              co_return obstacle_;
            }};
  }

  std::string path_ = testing::TempDir() + "device-kinds-disk";
  Reactor reactor_{{.shards = 1, .backend = Reactor::BackendChoice::epoll}, Log::silent()};
  DeviceKinds kinds_{reactor_, Log::silent()};
  std::vector<std::string> asked_;
  std::optional<std::string> obstacle_;
};

TEST_F(DeviceKindsTest, AMediumThatCannotBeUsedYetMakesNoDisk) {
  obstacle_ = "somebody still writes to it";
  const auto opened = run(kinds_.open(reactor_.shard(0), request(path_)));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error(), path_ + ": somebody still writes to it");
}

TEST_F(DeviceKindsTest, AMediumIsAskedForWithTheDiskAndWheneverOneIsLoaded) {
  auto empty = run(kinds_.open(reactor_.shard(0), request(std::nullopt)));
  ASSERT_TRUE(empty.has_value());
  obstacle_ = "somebody still writes to it";
  EXPECT_FALSE(run((*empty)->change_medium(reactor_.shard(0), path_)).has_value());
  obstacle_.reset();
  EXPECT_TRUE(run((*empty)->change_medium(reactor_.shard(0), path_)).has_value());
  auto second = run(kinds_.open(reactor_.shard(0), request(path_)));
  ASSERT_TRUE(second.has_value());
  EXPECT_THAT(asked_, testing::ElementsAre((*empty)->medium_identity(), (*empty)->medium_identity(),
                                           (*second)->medium_identity()));
  for (const auto& device : {empty->get(), second->get()}) {
    run([](DeviceServer& closed, Shard& shard) -> Task<bool> {
      co_await closed.close(shard);
      co_return true;
    }(*device, reactor_.shard(0)));
  }
}

}  // namespace
}  // namespace tgt
