// SPDX-License-Identifier: Apache-2.0
#include "reactor/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

namespace tgt {
namespace {

// Runs `program` in a child and gives its exit status, as the shell that started a daemon would see it.
int exit_status_of(const std::function<void()>& program) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(STDERR_FILENO);
    program();
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(BackgroundProcess, TheStarterSucceedsOnceTheDaemonIsReady) {
  EXPECT_EQ(exit_status_of([] {
              BackgroundProcess background = BackgroundProcess::start();
              background.report_ready();
              ::_exit(0);
            }),
            0);
}

TEST(BackgroundProcess, TheStarterFailsWhenTheDaemonSaysWhyItCannotStart) {
  EXPECT_EQ(exit_status_of([] {
              BackgroundProcess background = BackgroundProcess::start();
              background.report_failure("tgtd: the portal is in use\n");
              ::_exit(1);
            }),
            1);
}

TEST(BackgroundProcess, TheStarterFailsWhenTheDaemonDiesBeforeItIsReady) {
  EXPECT_EQ(exit_status_of([] {
              const BackgroundProcess background = BackgroundProcess::start();
              ::_exit(0);
            }),
            1);
}

// A daemon goes to "/" in between.
TEST(ProcessIdFile, IsRemovedAlsoFromAnotherFolder) {
  namespace fs = std::filesystem;
  const fs::path before = fs::current_path();
  const fs::path folder = testing::TempDir();
  fs::current_path(folder);
  {
    const auto file = ProcessIdFile::create("relative.pid");
    ASSERT_TRUE(file.has_value());
    EXPECT_TRUE(fs::exists(folder / "relative.pid"));
    fs::current_path("/");
  }
  EXPECT_FALSE(fs::exists(folder / "relative.pid"));
  fs::current_path(before);
}

TEST(ProcessIdFile, HoldsTheNumberOfThisProcessWhileItLives) {
  const std::string path = ::testing::TempDir() + "tgt_process_id_" + std::to_string(::getpid());
  {
    const auto file = ProcessIdFile::create(path);
    ASSERT_TRUE(file.has_value());
    std::ifstream reader(path);
    pid_t number = 0;
    reader >> number;
    EXPECT_EQ(number, ::getpid());
  }
  struct stat status{};
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST(ProcessIdFile, APlaceThatCannotBeWrittenIsAnError) {
  const auto file = ProcessIdFile::create("/nonexistent/tgtd.pid");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().kind(), IoError::Kind::not_found);
}

}  // namespace
}  // namespace tgt
