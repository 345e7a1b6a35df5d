// SPDX-License-Identifier: Apache-2.0
#include "reactor/locked_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tgt {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

class LockedFolderTest : public testing::Test {
 protected:
  LockedFolderTest() {
    std::string name = testing::TempDir() + "locked-folder-XXXXXX";
    top_ = ::mkdtemp(name.data());
  }
  ~LockedFolderTest() override { fs::remove_all(top_); }
  std::string path() const { return top_ + "/a/b"; }
  std::string top_;
};

TEST_F(LockedFolderTest, IsMadeForItsOwnerAlone) {
  ASSERT_TRUE(LockedFolder::open(path() + "/").has_value());
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST_F(LockedFolderTest, IsForOneAtATime) {
  {
    const auto first = LockedFolder::open(path());
    ASSERT_TRUE(first.has_value());
    const auto second = LockedFolder::open(path());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind(), IoError::Kind::busy);
  }
  EXPECT_TRUE(LockedFolder::open(path()).has_value());
}

TEST_F(LockedFolderTest, GivesBackWhatWasPutThere) {
  const auto folder = LockedFolder::open(path());
  ASSERT_TRUE(folder.has_value());
  EXPECT_EQ(folder->read("one", 100).value(), std::nullopt);
  ASSERT_TRUE(folder->replace("one", bytes("first")).has_value());
  ASSERT_TRUE(folder->replace("one", bytes("2nd")).has_value());
  EXPECT_EQ(folder->read("one", 100).value(), bytes("2nd"));
  EXPECT_FALSE(fs::exists(path() + "/one.new"));
}

TEST_F(LockedFolderTest, WhatAKillLeftHalfWrittenIsNeitherReadNorInTheWay) {
  const auto folder = LockedFolder::open(path());
  ASSERT_TRUE(folder.has_value());
  std::ofstream(path() + "/one.new") << "half of something long";
  EXPECT_EQ(folder->read("one", 100).value(), std::nullopt);
  ASSERT_TRUE(folder->replace("one", bytes("whole")).has_value());
  EXPECT_EQ(folder->read("one", 100).value(), bytes("whole"));
}

TEST_F(LockedFolderTest, RefusesWhatIsNoFileOrTooLong) {
  const auto folder = LockedFolder::open(path());
  ASSERT_TRUE(folder.has_value());
  ASSERT_TRUE(folder->replace("long", bytes("123456")).has_value());
  EXPECT_FALSE(folder->read("long", 5).has_value());
  fs::create_directory(path() + "/folder");
  EXPECT_FALSE(folder->read("folder", 100).has_value());
  fs::create_symlink("long", path() + "/link");
  EXPECT_FALSE(folder->read("link", 100).has_value());
}

TEST_F(LockedFolderTest, WhatCannotBeReplacedLeavesTheOldFile) {
  const auto folder = LockedFolder::open(path());
  ASSERT_TRUE(folder.has_value());
  ASSERT_TRUE(folder->replace("one", bytes("old")).has_value());
  fs::create_directory(path() + "/one.new");  // in the way
  EXPECT_FALSE(folder->replace("one", bytes("new")).has_value());
  EXPECT_EQ(folder->read("one", 100).value(), bytes("old"));
}

TEST_F(LockedFolderTest, AFileInItsPlaceIsAnError) {
  std::ofstream(top_ + "/a") << "a file";
  const auto folder = LockedFolder::open(path());
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().kind(), IoError::Kind::not_found);
}

}  // namespace
}  // namespace tgt
