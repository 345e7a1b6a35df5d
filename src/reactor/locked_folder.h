// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "reactor/blocking_pool.h"
#include "reactor/io_error.h"
#include "reactor/lock_file.h"

namespace tgt {

// A folder of small files that one process at a time uses. Its calls sleep in the kernel: at the start of the program,
// and later in the blocking pool, in its lane.
class LockedFolder {
 public:
  // Makes the folder (mode 0700) when it is missing, and its parents. IoError::Kind::busy: another process has it.
  static Result<LockedFolder, IoError> open(const std::string& path);
  LockedFolder(LockedFolder&& other) noexcept
      : path_(std::move(other.path_)),
        descriptor_(std::exchange(other.descriptor_, -1)),
        lock_(std::move(other.lock_)) {}
  LockedFolder& operator=(LockedFolder&&) = delete;
  ~LockedFolder();

  const std::string& path() const { return path_; }
  BlockingLane lane() const { return BlockingLane{descriptor_}; }
  // Nothing when there is no such file. One that is longer than `longest` is an error.
  Result<std::optional<std::vector<std::uint8_t>>, IoError> read(const std::string& name, std::size_t longest) const;
  // Puts a file in place of what was there, as one step: when it returns it is on stable storage, and after a kill or a
  // power loss at any moment before there is either the old or the new file, whole.
  Result<void, IoError> replace(const std::string& name, Bytes content) const;

 private:
  LockedFolder(std::string path, int descriptor, LockFile lock)
      : path_(std::move(path)), descriptor_(descriptor), lock_(std::move(lock)) {}
  std::string path_;
  int descriptor_;
  LockFile lock_;
};

}  // namespace tgt
