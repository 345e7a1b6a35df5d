// SPDX-License-Identifier: Apache-2.0
#include "reactor/device_file.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tgt {

DeviceFile& DeviceFile::operator=(DeviceFile&& other) noexcept {
  if (this != &other) {
    close();
    shard_ = other.shard_;
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

Result<DeviceFile, IoError> DeviceFile::open(Shard& device_shard, const std::string& path, Access access) {
  const int mode = access == Access::read_only ? O_RDONLY : O_RDWR;
  const int descriptor = ::open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return failure(IoError::from_errno(errno));
  DeviceFile file;
  file.shard_ = &device_shard;
  file.descriptor_ = descriptor;
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return failure(IoError::from_errno(errno));
  if (!S_ISCHR(status.st_mode)) return failure(IoError::from_errno(EOPNOTSUPP));
  return file;
}

Result<int, IoError> DeviceFile::ioctl(unsigned long request, void* argument) const {
  const int result = ::ioctl(descriptor_, request, argument);
  if (result < 0) return failure(IoError::from_errno(errno));
  return result;
}

Result<std::size_t, IoError> DeviceFile::write(Bytes bytes) const {
  const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
  if (written < 0) return failure(IoError::from_errno(errno));
  return static_cast<std::size_t>(written);
}

Result<std::size_t, IoError> DeviceFile::read(MutableBytes bytes) const {
  const ssize_t taken = ::read(descriptor_, bytes.data(), bytes.size());
  if (taken < 0) return failure(IoError::from_errno(errno));
  return static_cast<std::size_t>(taken);
}

IoAwaitable DeviceFile::readable() const {
  Operation operation;
  operation.kind = Operation::Kind::poll_readable;
  operation.descriptor = descriptor_;
  return {shard_->backend(), operation};
}

void DeviceFile::cancel_wait() {
  if (is_open()) shard_->backend().cancel_descriptor(descriptor_);
}

void DeviceFile::close() {
  if (is_open()) shard_->backend().close(std::exchange(descriptor_, -1));
}

}  // namespace tgt
