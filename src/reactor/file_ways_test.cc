// SPDX-License-Identifier: Apache-2.0
// Which way an operation of a file takes: nothing that may sleep is done on a shard's own thread.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include <array>
#include <latch>
#include <vector>

#include "reactor/blocking_pool.h"
#include "reactor/epoll_backend.h"
#include "reactor/socket.h"
#include "reactor/spot_reads.h"
#include "reactor/test_loop.h"
#include "reactor/uring_backend.h"

namespace tgt {
namespace {

enum class Choice { io_uring, epoll };

std::unique_ptr<Backend> make(Choice choice, BlockingPool& pool) {
  if (choice == Choice::io_uring) {
    auto backend = UringBackend::create(pool);
    return backend ? std::move(*backend) : nullptr;
  }
  auto backend = EpollBackend::create(pool);
  return backend ? std::move(*backend) : nullptr;
}

// An open file that its folder does not know.
class ScratchFile {
 public:
  explicit ScratchFile(const char* folder)
      : descriptor_(::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { ::close(descriptor_); }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// All that the pool does at once for one file, until it is released.
class FullLane {
 public:
  FullLane(BlockingPool& pool, int descriptor) {
    for (Job& job : jobs_) {
      job.lane = BlockingLane{descriptor};
      job.released = &released_;
      job.run = [](PostedWork& work) { static_cast<Job&>(work).released->wait(); };
      pool.submit(job);
    }
  }
  void release() { released_.count_down(); }

 private:
  struct Job : BlockingWork {
    std::latch* released = nullptr;
  };
  std::latch released_{1};
  std::array<Job, BlockingPool::most_of_one_file> jobs_;
};

class FileWays : public testing::TestWithParam<Choice> {
 protected:
  void SetUp() override {
    auto backend = make(GetParam(), pool_);
    if (backend == nullptr) GTEST_SKIP() << "this kernel refuses it";
    loop_ = std::make_unique<TestLoop>(std::move(backend), pool_);
    ASSERT_GE(file_.descriptor(), 0);
    ASSERT_EQ(::ftruncate(file_.descriptor(), 1 << 16), 0);
    operation_.descriptor = file_.descriptor();
    operation_.vectors = &vector_;
    operation_.vector_count = 1;
    operation_.length = bytes_.size();
  }
  void TearDown() override { EXPECT_TRUE(pool_.end(5s)); }

  // Whether the operation ends while the pool does nothing for its file.
  bool ends_without_pool(Operation::Kind kind, bool nowait) {
    operation_.kind = kind;
    operation_.nowait = nowait;
    FullLane lane(pool_, operation_.descriptor);
    bool without = false;
    EXPECT_TRUE(loop_->run([](Shard& shard, Operation& operation, FullLane& full, bool& result) -> Task<void> {
      bool ended = false;
      spawn(perform(shard, operation, ended));
      for (int look = 0; look < 10 && !ended; ++look) co_await shard.sleep(1ms);
      result = ended;
      full.release();
      while (!ended) co_await shard.sleep(1ms);
    }(loop_->shard(), operation_, lane, without)));
    EXPECT_TRUE(pool_.end(5s));  // before the lane's memory goes
    return without;
  }

  ScratchFile file_{"/dev/shm"};
  BlockingPool pool_{4};
  std::unique_ptr<TestLoop> loop_;
  std::array<std::uint8_t, 512> bytes_{};
  iovec vector_{.iov_base = bytes_.data(), .iov_len = bytes_.size()};
  Operation operation_;

 private:
  static Task<void> perform(Shard& shard, Operation& operation, bool& ended) {
    const auto result = co_await IoAwaitable(shard.backend(), operation);
    operation.result = result ? static_cast<std::int64_t>(*result) : -result.error().number();
    ended = true;
  }
};

TEST_P(FileWays, WhatMaySleepIsLeftToThePool) {
  using Kind = Operation::Kind;
  for (const Kind kind : {Kind::read, Kind::write, Kind::sync_data, Kind::deallocate, Kind::write_zeros}) {
    EXPECT_FALSE(ends_without_pool(kind, false)) << static_cast<int>(kind);
    EXPECT_GE(operation_.result, 0);
  }
}

TEST_P(FileWays, WhatCannotSleepIsTheRingsOwn) {
  const ScratchFile cached(".");
  ASSERT_EQ(::pwrite(cached.descriptor(), bytes_.data(), bytes_.size(), 0), static_cast<ssize_t>(bytes_.size()));
  if (::preadv2(cached.descriptor(), &vector_, 1, 0, RWF_NOWAIT) < 0) GTEST_SKIP() << "no file that takes RWF_NOWAIT";
  operation_.descriptor = cached.descriptor();
  EXPECT_EQ(ends_without_pool(Operation::Kind::read, true), GetParam() == Choice::io_uring);
  EXPECT_EQ(operation_.result, static_cast<std::int64_t>(bytes_.size()));
}

TEST_P(FileWays, WhatTheKernelWouldWaitForAfterAllIsLeftToThePool) {
  const int refuses_nowait = ::open("/proc/version", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(refuses_nowait, 0);
  operation_.descriptor = refuses_nowait;
  EXPECT_FALSE(ends_without_pool(Operation::Kind::read, true));
  EXPECT_GT(operation_.result, 0);
  ::close(refuses_nowait);
}

INSTANTIATE_TEST_SUITE_P(Backends, FileWays, testing::Values(Choice::io_uring, Choice::epoll));

// A file of 2 MiB whose first half is in the page cache; where the kernel has to be asked.
class SpotReadsOfHalfAFile : public testing::Test {
 protected:
  static constexpr std::uint64_t half = 1 << 20;

  void SetUp() override {
    const std::vector<std::uint8_t> content(half, 7);
    const int file = file_.descriptor();
    struct statfs system{};
    const bool on_disk = file >= 0 && ::fstatfs(file, &system) == 0 && system.f_type != TMPFS_MAGIC;
    if (!on_disk) GTEST_SKIP() << "the tests do not run on a disk here";
    ASSERT_EQ(::pwrite(file, content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
    ASSERT_EQ(::ftruncate(file, 2 * half), 0);
    reads_ = SpotReads::of(file);
    if (!reads_.asks_first) GTEST_SKIP() << "the kernel is not asked first here";
  }
  ~SpotReadsOfHalfAFile() override {
    if (reads_.descriptor >= 0) ::close(reads_.descriptor);
  }

  ScratchFile file_{"."};
  SpotReads reads_;
};

TEST_F(SpotReadsOfHalfAFile, NothingIsReadOnTheSpotThatIsNotCached) {
  EXPECT_TRUE(reads_.may_read(0, 4096));
  EXPECT_TRUE(reads_.may_read(12345, 100000));
  EXPECT_FALSE(reads_.may_read(half, 4096));
  EXPECT_FALSE(reads_.may_read(half - 512, 1024));
}

TEST_F(SpotReadsOfHalfAFile, NothingIsReadOnTheSpotThatMakesTheKernelReadAhead) {
  EXPECT_FALSE(reads_.may_read(half - 4096, 4096));
  EXPECT_FALSE(reads_.may_read(half - reads_.read_ahead, 4096));
  EXPECT_TRUE(reads_.may_read(half - reads_.read_ahead - 8192, 4096));
}

TEST(SpotReads, ThereAreNoneOfAFileWhoseFileSystemMayWait) {
  const int file = ::open("/proc/version", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  EXPECT_LT(SpotReads::of(file).descriptor, 0);
  ::close(file);
}

}  // namespace
}  // namespace tgt
