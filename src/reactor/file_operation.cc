// SPDX-License-Identifier: Apache-2.0
#include "reactor/file_operation.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tgt {
namespace {

template <class Call>
std::int64_t retried(Call call) {
  for (;;) {
    const std::int64_t result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

std::int64_t zero_device(const Operation& operation) {
  std::uint64_t range[2] = {operation.offset, operation.length};
  return retried([&] { return ::ioctl(operation.descriptor, BLKZEROOUT, range); });
}

std::int64_t change_allocation(const Operation& operation, int mode) {
  return retried([&] {
    return ::fallocate(operation.descriptor, mode, static_cast<off_t>(operation.offset),
                       static_cast<off_t>(operation.length));
  });
}

std::int64_t write_zeros_plainly(const Operation& operation) {
  static constexpr std::array<std::uint8_t, 65536> zeros{};
  std::uint64_t done = 0;
  while (done < operation.length) {
    const std::size_t piece = std::min<std::uint64_t>(zeros.size(), operation.length - done);
    const std::int64_t result = retried([&] {
      return ::pwrite(operation.descriptor, zeros.data(), piece, static_cast<off_t>(operation.offset + done));
    });
    if (result < 0) return result;
    if (result == 0) return -EIO;
    done += static_cast<std::uint64_t>(result);
  }
  return 0;
}

bool lies_within_file(const Operation& operation) {
  struct stat status{};
  return ::fstat(operation.descriptor, &status) == 0 &&
         operation.offset + operation.length <= static_cast<std::uint64_t>(status.st_size);
}

bool is_refused_as_unknown(std::int64_t result) {
  return result == -EOPNOTSUPP || result == -ENOSYS || result == -EINVAL;
}

std::int64_t write_zeros_to_file(const Operation& operation) {
  const std::int64_t ranged = change_allocation(operation, FALLOC_FL_ZERO_RANGE);
  if (!is_refused_as_unknown(ranged)) return ranged;
  if (lies_within_file(operation)) {  // a hole reads as zeros (tmpfs knows this one only)
    const std::int64_t punched = change_allocation(operation, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    if (!is_refused_as_unknown(punched)) return punched;
  }
  return write_zeros_plainly(operation);
}

}  // namespace

bool is_file_operation(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::read:
    case Operation::Kind::write:
    case Operation::Kind::sync_data:
    case Operation::Kind::deallocate:
    case Operation::Kind::write_zeros:
      return true;
    case Operation::Kind::accept:
    case Operation::Kind::connect:
    case Operation::Kind::receive:
    case Operation::Kind::send:
    case Operation::Kind::poll_readable:
      return false;
  }
  return false;
}

std::int64_t perform_file_operation(const Operation& operation) {
  const int count = static_cast<int>(operation.vector_count);
  const auto offset = static_cast<off_t>(operation.offset);
  switch (operation.kind) {
    case Operation::Kind::read:
      return retried([&] { return ::preadv(operation.descriptor, operation.vectors, count, offset); });
    case Operation::Kind::write:
      return retried([&] { return ::pwritev(operation.descriptor, operation.vectors, count, offset); });
    case Operation::Kind::sync_data:
      return retried([&] { return ::fdatasync(operation.descriptor); });
    case Operation::Kind::deallocate:
      // Of a device too: it gives space back where that leaves zeros, and else refuses. BLKDISCARD may leave anything.
      return change_allocation(operation, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
    case Operation::Kind::write_zeros:
      if (operation.block_device) return zero_device(operation);
      return write_zeros_to_file(operation);
    case Operation::Kind::accept:
    case Operation::Kind::connect:
    case Operation::Kind::receive:
    case Operation::Kind::send:
    case Operation::Kind::poll_readable:
      break;
  }
  return -EINVAL;
}

}  // namespace tgt
