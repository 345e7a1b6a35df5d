// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>

#include "base/result.h"
#include "reactor/io_error.h"

namespace tgt {

// A file that one process at a time holds locked, as long as this object lives. It stays locked over fork(), in the
// child too, and excludes lockf() of other programs. The file itself is left behind: removing it would let two
// processes each hold a lock on a file of that name.
class LockFile {
 public:
  // IoError::Kind::busy when another process holds it. Does not wait.
  static Result<LockFile, IoError> acquire(const std::string& path);

  LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace tgt
