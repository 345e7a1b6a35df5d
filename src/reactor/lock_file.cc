// SPDX-License-Identifier: Apache-2.0
#include "reactor/lock_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace tgt {

Result<LockFile, IoError> LockFile::acquire(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return failure(IoError::from_errno(errno));
  LockFile lock(descriptor);
  // A lock of the open file, not of the process: it is kept over fork() and not lost by closing another descriptor.
  struct flock whole_file{};
  whole_file.l_type = F_WRLCK;
  whole_file.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &whole_file) == 0) return lock;
  const bool held = errno == EAGAIN || errno == EACCES;
  return failure(IoError::from_errno(held ? EBUSY : errno));
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace tgt
