// SPDX-License-Identifier: Apache-2.0
#include "reactor/lock_file.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <optional>

namespace tgt {
namespace {

class LockFileTest : public testing::Test {
 protected:
  ~LockFileTest() override { std::filesystem::remove(path); }

  // Another process tries to lock the file by the means of older programs.
  bool lockf_succeeds() const {
    const pid_t child = ::fork();
    if (child == 0) {
      FILE* file = std::fopen(path.c_str(), "r+");
      ::_exit(file != nullptr && ::lockf(::fileno(file), F_TLOCK, 0) == 0 ? 0 : 1);
    }
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::string path =
      (std::filesystem::temp_directory_path() / ("tgt_lock_file_" + std::to_string(::getpid()))).string();
};

TEST_F(LockFileTest, IsHeldByOneAtATime) {
  std::optional<Result<LockFile, IoError>> first(LockFile::acquire(path));
  ASSERT_TRUE(*first);
  const auto second = LockFile::acquire(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), IoError::Kind::busy);
  first.reset();
  EXPECT_TRUE(LockFile::acquire(path));
}

TEST_F(LockFileTest, ExcludesOlderProgramsThatUseLockf) {
  {
    const auto lock = LockFile::acquire(path);
    ASSERT_TRUE(lock);
    EXPECT_FALSE(lockf_succeeds());
  }
  EXPECT_TRUE(lockf_succeeds());
}

TEST_F(LockFileTest, IsRefusedWhereNoFileCanBe) {
  const auto lock = LockFile::acquire("/nonexistent/directory/lock");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().kind(), IoError::Kind::not_found);
}

}  // namespace
}  // namespace tgt
