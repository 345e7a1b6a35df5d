// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "reactor/reactor.h"

namespace tgt {

// For tests: runs one task on a shard of its own and returns when it has ended.
class StoreTest : public testing::TestWithParam<Reactor::BackendChoice> {
 protected:
  void run(std::function<Task<void>(Shard&)> test) {
    Reactor reactor({.shards = 1, .backend = GetParam()}, Log::silent());
    struct Start : PostedWork {
      Reactor* reactor = nullptr;
      std::function<Task<void>(Shard&)>* test = nullptr;
    } start;
    start.reactor = &reactor;
    start.test = &test;
    start.run = [](PostedWork& work) {
      auto& self = static_cast<Start&>(work);
      spawn(then_stop((*self.test)(self.reactor->shard(0)), *self.reactor));
    };
    reactor.shard(0).post(start);
    reactor.run();
  }

  std::string make_file(std::uint64_t size) {
    const std::string name = "store_test_" + std::to_string(::getpid()) + "_" + std::to_string(files_.size());
    files_.push_back(testing::TempDir() + name);
    std::ofstream(files_.back()).close();
    std::filesystem::resize_file(files_.back(), size);
    return files_.back();
  }

  ~StoreTest() override {
    for (const std::string& file : files_) std::remove(file.c_str());
  }

 private:
  static Task<void> then_stop(Task<void> test, Reactor& reactor) {
    co_await std::move(test);
    reactor.stop();
  }
  std::vector<std::string> files_;
};

inline std::vector<std::uint8_t> pattern(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return bytes;
}

}  // namespace tgt
